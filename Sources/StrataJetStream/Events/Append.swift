#if JetStream
import EventSourcing
import FoundationEssentials

/// One append on its way.
///
/// It claims the events' ids, then publishes the commit under the demand that the stream still stands where it did.
/// Whatever comes between, it looks where the stream stands now, and begins again.
struct Append {
    private let log: EventLog
    private let events: [NewEvent]
    private let ids: [UInt128]
    private let stream: StreamID
    private let expected: ExpectedVersion
    private let storedAt: Timestamp?
    private let deadline: ContinuousClock.Instant
    private var claims: ClaimsInHand
    private var body: CommitBody?

    /// - Parameter storedAt: when an earlier store took the events; nil for now.
    init(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion, storedAt: Timestamp?,
        in log: EventLog
    ) {
        self.log = log
        self.events = events
        self.stream = stream
        self.expected = expected
        self.storedAt = storedAt
        ids = events.map(\.id.bits)
        deadline = log.session.deadline
        claims = ClaimsInHand(to: ids, for: stream, in: log)
    }

    mutating func run() async throws(EventStoreError) -> AppendResult {
        var head = try await knownHead()
        var isCertain = false
        while true {
            if head.status.isTombstoned || !expected.allows(head.status) {
                if isCertain { return try await earlierResult(orRefusedBy: head.status) }
            } else {
                switch try await claim(after: head) {
                case .held:
                    switch try await commit(after: head) {
                    case .stored(let sequence): return result(of: sequence, after: head)
                    case .overtaken(let commit):
                        if let commit, let id = ids.first(where: { commit.contains($0) }) {
                            return try await result(ofRetry: commit, id)
                        }
                    }
                case .taken(let id, let commit): return try await result(ofRetry: commit, id)
                case .outdated: break
                }
                guard ContinuousClock.now < deadline else {
                    giveUp()
                    throw EventStoreError(
                        .ioFailure,
                        "other appends to the stream came first all the time; nothing was stored, try again",
                        stream: stream)
                }
            }
            head = try await currentHead()
            isCertain = true
        }
    }

    /// Where the stream stands, as far as is known without asking.
    private func knownHead() async throws(EventStoreError) -> StreamHead {
        if let head = log.heads.head(of: stream) { return head }
        switch expected {
        case .noStream, .exactly(0): return StreamHead(emptyUpTo: log.heads.newestSequence)
        case .any, .streamExists, .exactly: return try await currentHead()
        }
    }

    private func currentHead() async throws(EventStoreError) -> StreamHead {
        try await attempt { () throws(JetStreamError) in try await log.head(of: stream, until: deadline) }
    }

    private mutating func claim(after head: StreamHead) async throws(EventStoreError) -> ClaimsInHand.Outcome {
        do throws(JetStreamError) {
            return try await claims.claim(after: head, until: deadline)
        } catch {
            giveUp()
            throw EventStoreError("the append failed before its commit, and nothing was stored", error, stream: stream)
        }
    }

    private mutating func commit(after head: StreamHead) async throws(EventStoreError) -> CommitOutcome {
        let body = try await encodedBody()
        let header = CommitHeader(events: events.count, after: head, storedAt: storedAt)
        do throws(CommitFailure) {
            return try await log.commit(header, body, to: stream, after: head, until: deadline)
        } catch {
            switch error {
            case .unknown(let error):
                throw EventStoreError(
                    .outcomeUnknown, "whether the commit is stored is not known; repeat the append to find out",
                    stream: stream, cause: error)
            case .notStored(let error):
                giveUp()
                throw EventStoreError("the commit was not stored", error, stream: stream)
            }
        }
    }

    /// The events, encoded once and, if they are large, put into parts once, however often the append begins again.
    private mutating func encodedBody() async throws(EventStoreError) -> CommitBody {
        if let body { return body }
        let encoded = EncodedEvents.encode(events)
        let stored = try await attempt { () throws(JetStreamError) in
            try await log.session.storeParts(of: encoded, on: log.layout.parts(of: stream), until: deadline)
        }
        body = stored
        return stored
    }

    private func result(of sequence: UInt64, after head: StreamHead) -> AppendResult {
        AppendResult(
            version: head.status.version + events.count, firstPosition: StoredCommit.position(sequence, 0),
            lastPosition: StoredCommit.position(sequence, events.count - 1), durability: .written)
    }

    /// The stream is not as expected: an earlier append of the same events may be why.
    private func earlierResult(orRefusedBy status: StreamStatus) async throws(EventStoreError) -> AppendResult {
        let (log, ids, deadline) = (log, ids, deadline)
        let holder: (UInt128, StoredCommit)? = try await attempt { () throws(JetStreamError) in
            for (id, claim) in zip(ids, try await log.claims(to: ids, until: deadline)) {
                guard let (claim, _) = claim, let commit = try await log.commit(behind: claim, until: deadline),
                    commit.contains(id)
                else { continue }
                return (id, commit)
            }
            return nil
        }
        if let (id, commit) = holder { return try await result(ofRetry: commit, id) }
        giveUp()
        throw status.isTombstoned
            ? .deleted(stream) : .conflict(in: stream, expected: expected, actual: status.version)
    }

    /// What the earlier append returned that this one repeats, if it repeats it.
    ///
    /// - Parameter commit: a commit that holds an event with one of the ids, without what is released of it.
    private func result(
        ofRetry commit: StoredCommit, _ id: UInt128
    ) async throws(EventStoreError) -> AppendResult {
        let head = try await currentHead()
        giveUp()
        guard commit.stream == stream, commit.events.map(\.id.bits) == ids, let first = commit.events.first,
            let last = commit.events.last, expected.allowsRetry(ofAppendAt: first.version, in: head.status)
        else { throw .duplicate(eventID: UUID(bits: id), in: stream) }
        return AppendResult(
            version: last.version, firstPosition: first.position, lastPosition: last.position, durability: .written)
    }

    private func attempt<Value>(
        _ body: () async throws(JetStreamError) -> Value
    ) async throws(EventStoreError) -> Value {
        do throws(JetStreamError) {
            return try await body()
        } catch {
            giveUp()
            throw EventStoreError("the append failed, and nothing was stored", error, stream: stream)
        }
    }

    /// Leaves nothing behind of an append that stores nothing.
    private func giveUp() {
        claims.release()
        if let body { log.session.discard(body, from: log.layout.parts) }
    }
}
#endif
