package import EventSourcing

/// A commit from which a walk through its segment can begin.
package struct WalkMark: Hashable, Sendable {
    /// Marks are at least so many bytes apart.
    package static let distance = 64 << 10

    package let firstPosition: Int
    package let storedAt: Timestamp
    package let offset: Int
}
