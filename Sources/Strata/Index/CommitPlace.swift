/// Where a commit of a stream is in its segment, and which versions it has.
struct CommitPlace: Hashable, Sendable {
    let firstVersion: Int
    /// Of the frame; 0 for versions that are known to have been there and cannot be read.
    let offset: Int
    let eventCount: Int

    var lastVersion: Int { firstVersion + eventCount - 1 }
    var isMissing: Bool { offset == 0 }
}
