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
        /// Whether a compaction has written it.
        public let isCompacted: Bool
        /// The file's length.
        public let bytes: Int
        /// The length of its frames before compression.
        public let contentBytes: Int
        public let events: Int
        public let commits: Int
        /// Events that truncations and tombstones have released and that still take room here.
        public let releasedEvents: Int
        /// What those take, before compression; an estimate where a part of a stream's events in the segment is released.
        public let releasedBytes: Int
        /// The length of the file that holds the segment's index; 0 where the index is in memory.
        public let sidecarBytes: Int
        /// What the segment's filter of event ids takes in memory.
        public let filterBytes: Int
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
