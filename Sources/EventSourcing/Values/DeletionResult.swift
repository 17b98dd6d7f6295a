/// What a truncation or a deletion achieved.
public struct DeletionResult: Hashable, Sendable {
    /// The stream behind it.
    public let status: StreamStatus
    /// What the release had survived when the call returned.
    public let durability: Durability

    public init(status: StreamStatus, durability: Durability) {
        self.status = status
        self.durability = durability
    }
}

/// What becomes of a stream that is deleted.
public enum DeletionMode: Hashable, Sendable {
    /// Its events are released. It can be appended to again, and goes on behind its last version.
    case soft
    /// Its events are released, and it can never be appended to again.
    case tombstone
}
