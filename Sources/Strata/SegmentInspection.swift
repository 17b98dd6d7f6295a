public import EventSourcing
public import FoundationEssentials

/// What a segment file holds, frame by frame.
public struct SegmentInspection: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case events
        case snapshots
        /// Events, as compaction has rewritten them.
        case compacted
    }

    /// One frame, or a run of bytes that is none.
    public struct Frame: Hashable, Sendable {
        /// What the frame is: `commit`, `open`, `mark`, `footer`, `truncation`, `tombstone`, `snapshot`, `snapshot deletion`, or `unverified` for
        /// bytes that do not verify: damage, a torn tail, or zeros.
        public let kind: String
        /// In the file; of a compacted segment in its content, as it was before it was compressed.
        public let offset: Int
        /// Header, body and padding, in bytes.
        public let length: Int
        public let stream: StreamID?
        /// The versions of a commit's events, or the version of a snapshot.
        public let versions: ClosedRange<Int>?
        public let positions: ClosedRange<Position>?
        public let storedAt: Timestamp?
        /// The event types of a commit, in order.
        public let eventTypes: [String]
        /// The offset below which everything was known to be on the device.
        public let durableMark: Int?
        /// The number drawn when the writer opened the store.
        public let epoch: UInt64?
        /// Further details in a phrase, such as why bytes do not verify.
        public let note: String?
    }

    public let kind: Kind
    public let formatVersion: Int
    public let storeID: UUID
    /// The first position of a segment of events, or the number of a segment of snapshots.
    public let number: Int
    public let createdAt: Timestamp
    public let bytes: Int
    public let frames: [Frame]

    /// Whether the segment is complete: a footer ends it, or it is compacted.
    public var isSealed: Bool { frames.last?.kind == "footer" || kind == .compacted }
}
