public import EventSourcing

/// A stored snapshot without its state.
public struct SnapshotSummary: Hashable, Sendable {
    public let stream: StreamID
    public let version: Int
    public let schemaVersion: Int
    public let createdAt: Timestamp
    public let contentType: ContentType
    /// The state's size in bytes, as it was saved.
    public let stateBytes: Int
    /// What it takes in the file, in bytes, header included.
    public let storedBytes: Int
}
