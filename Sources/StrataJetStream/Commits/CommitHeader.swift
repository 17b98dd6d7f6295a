#if JetStream
import EventSourcing

/// What a commit's message says before its events.
struct CommitHeader: Sendable {
    enum Kind: UInt8, Sendable {
        /// Holds events.
        case events = 0
        /// Holds nothing; takes its place so that no commit that expected the one before can follow.
        case fence = 1
        /// Holds nothing; says which events of the stream are released.
        case release = 2
    }

    let kind: Kind
    let eventCount: Int
    /// How far the stream reaches with this commit, and what is left of it.
    let status: StreamStatus
    /// How many messages the stream's subject has had with this one.
    let number: Int
    /// Random, and the message id: a commit that was sent twice is recognised by it.
    let id: UInt128
    /// When an earlier store took the events; nil where the message's own time counts.
    let storedAt: Timestamp?
    /// The store's last position when the events were released; nil for other kinds, and where it had none.
    let lastPosition: Position?
    let ancestors: Ancestors

    /// The version of the stream's last event before this commit.
    var versionBefore: Int { status.version - eventCount }

    init(
        kind: Kind, eventCount: Int, status: StreamStatus, number: Int, id: UInt128, storedAt: Timestamp?,
        lastPosition: Position?, ancestors: Ancestors
    ) {
        self.kind = kind
        self.eventCount = eventCount
        self.status = status
        self.number = number
        self.id = id
        self.storedAt = storedAt
        self.lastPosition = lastPosition
        self.ancestors = ancestors
    }

    /// So many events behind a stream's last commit.
    init(events: Int, after head: StreamHead, storedAt: Timestamp?) {
        let status = StreamStatus(
            version: head.status.version + events, firstVersion: head.status.firstVersion,
            isTruncated: head.status.isTruncated, isTombstoned: head.status.isTombstoned)
        self.init(
            kind: .events, eventCount: events, status: status, number: head.number + 1, id: .random(in: 0 ... .max),
            storedAt: storedAt, lastPosition: nil, ancestors: head.ancestors)
    }

    /// A fence behind a stream's last commit.
    init(fenceAfter head: StreamHead) {
        self.init(
            kind: .fence, eventCount: 0, status: head.status, number: head.number + 1, id: .random(in: 0 ... .max),
            storedAt: nil, lastPosition: nil, ancestors: head.ancestors)
    }

    /// A release behind a stream's last commit, which leaves it with a status.
    init(release status: StreamStatus, after head: StreamHead, lastPosition: Position?) {
        self.init(
            kind: .release, eventCount: 0, status: status, number: head.number + 1, id: .random(in: 0 ... .max),
            storedAt: nil, lastPosition: lastPosition, ancestors: head.ancestors)
    }
}
#endif
