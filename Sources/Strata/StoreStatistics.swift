public import EventSourcing
public import FoundationEssentials

/// What a store holds.
public struct StoreStatistics: Hashable, Sendable {
    /// One segment of the log.
    public struct Segment: Hashable, Sendable {
        /// The file, relative to the store.
        public let file: String
        /// Whether it is complete; the last one is not.
        public let isSealed: Bool
        public let bytes: Int
        public let events: Int
        public let commits: Int
        /// nil in a segment without events.
        public let positions: ClosedRange<Position>?
    }

    /// The streams of one aggregate type.
    public struct AggregateType: Hashable, Sendable {
        public let name: String
        public let streams: Int
        public let events: Int
    }

    /// The store's identity, drawn when it was made.
    public let storeID: UUID
    public let formatVersion: Int
    public let events: Int
    public let commits: Int
    public let streams: Int
    /// nil in an empty store.
    public let lastPosition: Position?
    /// In the order of their positions.
    public let segments: [Segment]
    /// By name.
    public let aggregateTypes: [AggregateType]
    /// Aggregates that have a snapshot.
    public let snapshots: Int
    /// The bytes of all snapshot segments, superseded snapshots among them.
    public let snapshotBytes: Int
    /// Files that recovery has put aside.
    public let quarantinedFiles: Int
    public let quarantinedBytes: Int
    /// The memory that the index takes, in bytes, estimated from its capacities.
    public let indexBytes: Int

    /// The bytes of all segments of the log.
    public var eventBytes: Int { segments.reduce(0) { $0 + $1.bytes } }
}
