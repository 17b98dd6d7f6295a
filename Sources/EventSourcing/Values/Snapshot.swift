/// An aggregate's state at a version of its stream: a cache, never the truth.
public struct Snapshot: Hashable, Sendable {
    /// The aggregate's stream.
    public let stream: StreamID
    /// The version of the last event that the state contains, 1 or more.
    public let version: Int
    /// The version of the state's own schema; a reader with another one ignores the snapshot.
    public let schemaVersion: Int
    /// When the snapshot was made, by the clock of whoever made it.
    public let createdAt: Timestamp
    /// How the state is encoded.
    public let contentType: ContentType
    /// The encoded state.
    public let state: Bytes

    public init(
        stream: StreamID, version: Int, schemaVersion: Int, createdAt: Timestamp, contentType: ContentType = .json,
        state: Bytes
    ) {
        self.stream = stream
        self.version = version
        self.schemaVersion = schemaVersion
        self.createdAt = createdAt
        self.contentType = contentType
        self.state = state
    }
}
