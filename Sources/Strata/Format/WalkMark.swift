import EventSourcing

/// A commit from which a walk through its segment can begin.
struct WalkMark: Hashable, Sendable {
    /// Marks are at least so many bytes apart.
    static let distance = 64 << 10

    let firstPosition: Int
    let storedAt: Timestamp
    let offset: Int
}
