/// What a compaction did, or would do.
public struct CompactionReport: Hashable, Sendable {
    /// Neighbouring segments that became one.
    public struct Rewrite: Hashable, Sendable {
        /// The files that it took the place of, relative to the store.
        public let replaced: [String]
        public let events: Int
        /// Events that are gone now.
        public let releasedEvents: Int
        public let bytesBefore: Int
        /// Estimated in a dry run.
        public let bytesAfter: Int
    }

    /// In the order of their positions.
    public internal(set) var rewrites: [Rewrite] = []
    /// Segments of events before and after.
    public internal(set) var segmentsBefore = 0
    public internal(set) var segmentsAfter = 0
    /// Snapshots that went because their streams were deleted or truncated behind them.
    public internal(set) var orphanedSnapshots = 0
    /// The bytes of all snapshot segments before and after.
    public internal(set) var snapshotBytesBefore = 0
    public internal(set) var snapshotBytesAfter = 0
    /// Whether snapshots were left as they are, deleted and orphaned ones among them, because some of them are damaged:
    /// `strata recover` puts these aside.
    public internal(set) var leavesDamagedSnapshots = false
    /// Files in quarantine that may still hold released events; `strata quarantine purge` deletes them.
    public internal(set) var quarantined: [QuarantinedFile] = []
    /// Files that were deleted from quarantine.
    public internal(set) var purged: [QuarantinedFile] = []
    /// Files that were replaced and could not be removed, with the released events in them; the next opening for writing
    /// tries again.
    public internal(set) var leftovers: [String] = []
    /// Whether it was ended before everything was done. What was done counts, and nothing is lost.
    public internal(set) var isCancelled = false

    /// Events that are gone now.
    public var releasedEvents: Int { rewrites.reduce(0) { $0 + $1.releasedEvents } }
    /// How many bytes came back.
    public var reclaimedBytes: Int {
        let ofEvents = rewrites.map { $0.bytesBefore - $0.bytesAfter }
        return (ofEvents + [snapshotBytesBefore - snapshotBytesAfter] + purged.map(\.bytes)).saturatingSum
    }
}
