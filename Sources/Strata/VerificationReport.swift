public import EventSourcing

/// What reading every byte of a store found.
public struct VerificationReport: Hashable, Sendable {
    /// Bytes behind the last commit, of appends that were never acknowledged as durable: what a crash leaves.
    public struct TornTail: Hashable, Sendable {
        /// The file, relative to the store.
        public let file: String
        public let offset: Int
        /// In bytes, up to the last one that is not zero: what follows cannot be told from room that the file had.
        public let length: Int
    }

    public let segments: Int
    public let commits: Int
    public let events: Int
    public let streams: Int
    /// nil in an empty store.
    public let lastPosition: Position?
    /// Snapshots that verify, superseded ones among them.
    public let snapshots: Int
    /// Bytes read.
    public let bytes: Int
    /// What is damaged in the log; empty in a sound store.
    public let damage: [Damage]
    /// Snapshots that are damaged: each counts as absent, and costs a replay or, where its stream was truncated, the
    /// aggregate's state.
    public let damagedSnapshots: [Damage]
    /// A torn tail that the next opening for writing would move to quarantine. Not damage.
    public let tornTail: TornTail?

    /// Whether nothing in the store is damaged.
    public var isSound: Bool { damage.isEmpty && damagedSnapshots.isEmpty }
}

/// How far a long job is.
public struct JobProgress: Hashable, Sendable {
    public let bytesDone: Int
    public let bytesTotal: Int
}
