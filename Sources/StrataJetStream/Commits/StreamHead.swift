#if JetStream
/// Where a stream stands: its last commit, and what the next one has to say of those before.
struct StreamHead: Sendable {
    /// The last message of the stream's subject; nil where it has none.
    let last: CommitReference?
    /// The ancestors of the next commit.
    let ancestors: Ancestors
    /// A sequence of the store, not below that of `last`, up to which the stream certainly has nothing behind `last`.
    let floor: UInt64

    /// A stream without messages.
    init(emptyUpTo floor: UInt64) {
        last = nil
        ancestors = Ancestors()
        self.floor = floor
    }

    init(last: CommitReference, ancestors: Ancestors, floor: UInt64) {
        self.last = last
        self.ancestors = ancestors.followed(by: last)
        self.floor = max(floor, last.sequence)
    }

    init(_ commit: StoredCommit, floor: UInt64) {
        self.init(last: commit.reference, ancestors: commit.header.ancestors, floor: floor)
    }

    var version: Int { last?.version ?? 0 }
    /// The sequence that the subject's last message has; 0 where there is none.
    var sequence: UInt64 { last?.sequence ?? 0 }
    var number: Int { last?.number ?? 0 }
}
#endif
