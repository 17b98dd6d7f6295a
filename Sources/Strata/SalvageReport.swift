public import EventSourcing
public import FoundationEssentials

/// What a salvage brought over, and what is gone.
public struct SalvageReport: Hashable, Sendable {
    /// Events of one stream that are gone.
    public struct Loss: Hashable, Sendable {
        /// The aggregate's type; nil where only the header of a frame tells of the loss, and no other frame names the
        /// type.
        public let aggregateType: String?
        public let aggregateID: UUID
        /// The versions, as they were in the damaged store.
        public let versions: ClosedRange<Int>
    }

    public let commits: Int
    public let events: Int
    /// Truncations and tombstones that were brought over.
    public let releases: Int
    public let streams: Int
    /// Snapshots that were brought over: of each stream the latest that verifies, and that no event is lost before.
    public let snapshots: Int
    /// What is gone, by stream. The versions behind a loss move up, so that the stream has no gap; ids, positions and
    /// times stay.
    public let losses: [Loss]
    /// Positions that no event has any longer, where later ones tell that they were taken. Events that ``losses`` does
    /// not name were the last ones of their streams, and no header of theirs can be read.
    public let lostPositions: [ClosedRange<Position>]
    /// Truncated streams of which no snapshot was brought over, where that may be for what is damaged: what is left of them does
    /// not tell the aggregate's state.
    public let streamsWithoutState: [StreamID]
    /// What is damaged in the old store.
    public let damage: [Damage]
    /// What is damaged among the old store's snapshots: each costs a replay or, where its stream was truncated, the
    /// aggregate's state.
    public let damagedSnapshots: [Damage]

    /// Whether every event that was acknowledged was brought over, and every snapshot of what is left, as far as the old store
    /// can tell.
    public var isComplete: Bool {
        losses.isEmpty && lostPositions.isEmpty && damage.isEmpty && damagedSnapshots.isEmpty
    }
}
