#if JetStream
import EventSourcing

/// Where a stream stands: its last commit, and what the next one has to say of those before.
struct StreamHead: Sendable {
    /// The sequence that the subject's last message has; 0 where it has none.
    let sequence: UInt64
    /// How many messages the subject has had.
    let number: Int
    let status: StreamStatus
    /// The ancestors of the next commit.
    let ancestors: Ancestors
    /// A sequence of the store, not below the stream's own, up to which the stream certainly has nothing behind its last.
    let floor: UInt64

    /// A stream without messages.
    init(emptyUpTo floor: UInt64) {
        sequence = 0
        number = 0
        status = StreamStatus(version: 0)
        ancestors = Ancestors()
        self.floor = floor
    }

    /// A stream whose last commit has a sequence.
    init(_ header: CommitHeader, at sequence: UInt64, floor: UInt64) {
        self.sequence = sequence
        number = header.number
        status = header.status
        ancestors = header.ancestors.followed(
            by: CommitReference(sequence: sequence, number: header.number, version: header.status.version))
        self.floor = max(floor, sequence)
    }
}
#endif
