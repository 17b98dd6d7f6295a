/// Where a commit of a stream is in its segment, and which versions it has.
package struct CommitPlace: Hashable, Sendable {
    package let firstVersion: Int
    /// Of the frame; 0 for versions that are known to have been there and cannot be read.
    package let offset: Int
    package let eventCount: Int

    package var lastVersion: Int { firstVersion + eventCount - 1 }
    package var isMissing: Bool { offset == 0 }
}
