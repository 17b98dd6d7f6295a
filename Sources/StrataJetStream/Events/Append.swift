#if JetStream
import EventSourcing
import FoundationEssentials

/// One append on its way.
///
/// It claims the events' ids, then publishes the commit under the demand that the stream still stands where it did.
/// Whatever comes between, it looks where the stream stands now, and begins again.
struct Append {
    private enum Publishing {
        case stored(sequence: UInt64)
        /// Another commit came first.
        case overtaken(by: StoredCommit?)
    }

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
            if !expected.allows(head.version) {
                guard isCertain else {
                    head = try await currentHead()
                    isCertain = true
                    continue
                }
                return try await earlierResult(orConflictAt: head.version)
            }
            switch try await claim(after: head) {
            case .held: break
            case .taken(let id, let commit): return try result(ofRetry: commit, id)
            case .outdated:
                head = try await currentHead()
                isCertain = true
                continue
            }
            switch try await publish(after: head) {
            case .stored(let sequence): return result(of: sequence, after: head)
            case .overtaken(let commit):
                if let commit, let id = ids.first(where: { commit.contains($0) }) {
                    return try result(ofRetry: commit, id)
                }
                head = try await currentHead()
                isCertain = true
            }
            guard ContinuousClock.now < deadline else {
                giveUp()
                throw EventStoreError(
                    .ioFailure, "other appends to the stream came first all the time; nothing was stored, try again",
                    stream: stream)
            }
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
            throw EventStoreError("the append failed before its commit; nothing was stored", error, stream: stream)
        }
    }

    /// Publishes the commit until it is decided.
    private mutating func publish(after head: StreamHead) async throws(EventStoreError) -> Publishing {
        let body = try await encodedBody()
        let header = header(after: head)
        let commit = Publication(
            subject: log.layout.events(of: stream), expectedSequence: head.sequence,
            messageID: String(header.id, radix: 36), payload: header.encode(body))
        var mayBeStored = false
        var backoff = Backoff()
        while true {
            let error: JetStreamError
            switch await log.session.publishOnce([commit])[0] {
            case .stored(let sequence): return .stored(sequence: sequence)
            case .overtaken:
                return try await overtaken(by: header.id, after: head, mayBeStored: mayBeStored)
            case .unknown(let failure):
                mayBeStored = true
                error = failure
            case .failed(let failure):
                error = failure
            }
            let canGoOn = error.isTransient && ContinuousClock.now < deadline
            guard canGoOn else {
                if mayBeStored { throw unknown(error) }
                giveUp()
                throw EventStoreError("the commit was not stored", error, stream: stream)
            }
            await backoff.wait()
        }
    }

    /// What stands in the place that the commit was meant for: perhaps itself, where an answer was lost.
    private func overtaken(
        by id: UInt128, after head: StreamHead, mayBeStored: Bool
    ) async throws(EventStoreError) -> Publishing {
        do throws(JetStreamError) {
            let claim = EventIDClaim(by: stream, after: head)
            let commit = try await log.commit(behind: claim, until: deadline)
            if let commit, commit.header.id == id { return .stored(sequence: commit.sequence) }
            return .overtaken(by: commit)
        } catch {
            if mayBeStored { throw unknown(error) }
            giveUp()
            throw EventStoreError("the commit was not stored", error, stream: stream)
        }
    }

    private func unknown(_ error: JetStreamError) -> EventStoreError {
        EventStoreError(
            .outcomeUnknown, "whether the commit is stored is not known; repeat the append to find out", stream: stream,
            cause: error)
    }

    private func header(after head: StreamHead) -> CommitHeader {
        CommitHeader(
            eventCount: events.count, versionBefore: head.version, number: head.number + 1,
            id: .random(in: 0 ... .max), storedAt: storedAt, ancestors: head.ancestors)
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
        let version = head.version + events.count
        let reference = CommitReference(sequence: sequence, number: head.number + 1, version: version)
        log.heads.keep(StreamHead(last: reference, ancestors: head.ancestors, floor: sequence), of: stream)
        return AppendResult(
            version: version, firstPosition: StoredCommit.position(sequence, 0),
            lastPosition: StoredCommit.position(sequence, events.count - 1), durability: .written)
    }

    /// The stream is not as expected: an earlier append of the same events may be why.
    private func earlierResult(orConflictAt version: Int) async throws(EventStoreError) -> AppendResult {
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
        if let (id, commit) = holder { return try result(ofRetry: commit, id) }
        giveUp()
        throw .conflict(in: stream, expected: expected, actual: version)
    }

    /// What the earlier append returned that this one repeats, if it repeats it.
    private func result(ofRetry commit: StoredCommit, _ id: UInt128) throws(EventStoreError) -> AppendResult {
        let isRetry =
            commit.stream == stream && expected.allows(commit.header.versionBefore)
            && commit.events.count == events.count && zip(commit.events, ids).allSatisfy { $0.id.bits == $1 }
        giveUp()
        guard isRetry, let result = commit.result(.written) else {
            throw .duplicate(eventID: UUID(bits: id), in: stream)
        }
        return result
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
