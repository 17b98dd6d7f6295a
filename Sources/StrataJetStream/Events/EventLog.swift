#if JetStream
import EventSourcing

/// What appends and reads have in common: a store's streams, and single messages of them.
struct EventLog: Sendable {
    let session: JetStreamSession
    let layout: StoreLayout
    let heads: StreamHeadCache
    let places: CommitPlaceCache
    let trims: TrimTable

    /// Where a stream stands, as its leader knows.
    func head(
        of stream: StreamID, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StreamHead {
        // Read before the question is asked: whatever was seen by now was stored by then.
        let floor = heads.newestSequence
        let location = MessageLocation.last(subject: layout.events(of: stream))
        guard let message = try await session.newest([location], of: layout.events, until: deadline)[0] else {
            return StreamHead(emptyUpTo: floor)
        }
        let head = StreamHead(try header(of: message), at: message.sequence, floor: floor)
        heads.keep(head, of: stream)
        return head
    }

    /// The last commit that readers can see, of the whole store or of one aggregate type.
    func lastMessage(
        on subject: String, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredMessage? {
        let message = try await session.newest([.last(subject: subject)], of: layout.events, until: deadline)[0]
        if let message { heads.saw(sequence: message.sequence) }
        return message
    }

    /// The first commit that a claim's stream has behind its base, without what is released of it.
    func commit(
        behind claim: EventIDClaim, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredCommit? {
        guard let message = try await session.settled([claim.next(in: layout)], of: layout.events, until: deadline)[0]
        else { return nil }
        let commit = try await session.commit(in: message, of: layout, until: deadline)
        if commit.events.isEmpty { return commit }
        return commit.leaving(try await head(of: claim.stream, until: deadline).status)
    }

    /// The claims to ids, as the leader has them, each with the sequence of its message.
    func claims(
        to ids: [UInt128], until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [(claim: EventIDClaim, sequence: UInt64)?] {
        let locations = ids.map { MessageLocation.last(subject: layout.claim(of: $0)) }
        var claims: [(EventIDClaim, UInt64)?] = []
        for message in try await session.newest(locations, of: layout.ids, until: deadline) {
            guard let message else {
                claims.append(nil)
                continue
            }
            guard let claim = EventIDClaim(message.payload) else {
                throw JetStreamError(
                    .damaged, "message \(message.sequence) of \(layout.ids.name) is no claim of this library")
            }
            claims.append((claim, message.sequence))
        }
        return claims
    }

    /// The commit that holds an event; nil where the id is free.
    func commit(
        holding id: UInt128, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredCommit? {
        guard let (claim, _) = try await claims(to: [id], until: deadline)[0],
            let commit = try await commit(behind: claim, until: deadline), commit.contains(id)
        else { return nil }
        return commit
    }

    func header(of message: StoredMessage) throws(JetStreamError) -> CommitHeader {
        try CommitMessage(message, of: layout).header
    }
}
#endif
