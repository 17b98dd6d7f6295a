import EventSourcing
import FoundationEssentials

/// A change of another store, its events encoded.
enum EncodedChange: Sendable {
    case commit(EncodedCommit, firstVersion: Int, storedAt: Timestamp)
    case release(StreamStatus, of: StreamID)

    init(_ change: ImportedChange) {
        switch change {
        case .commit(let commit):
            self = .commit(
                EncodedCommit(commit.events, of: commit.stream), firstVersion: commit.firstVersion,
                storedAt: commit.storedAt)
        case .release(let status, let stream): self = .release(status, of: stream)
        }
    }

    var stream: StreamID {
        switch self {
        case .commit(let commit, _, _): commit.stream
        case .release(_, let stream): stream
        }
    }
}

extension LogWriter {
    /// Decides about changes of another store in one turn, and waits until those that are let in are stored.
    ///
    /// They reach the log together, so that it stores a part of them from the front, or all.
    func take(_ changes: [EncodedChange]) async throws(EventStoreError) {
        await takeTurn()
        let failuresBefore = failures
        var admitted: [(entry: LogEntry, status: StreamStatus)] = []
        var refusal: EventStoreError?
        for change in changes {
            do throws(EventStoreError) {
                guard let entry = try await decide(change) else { continue }
                admitted.append((entry, statusesUnderWay[change.stream] ?? StreamStatus(version: 0)))
            } catch {
                refusal = error
                break
            }
        }
        // What others had on its way has failed, and what was decided on top of it is void, also what was decided since.
        if failures != failuresBefore {
            forgetAllUnderWay()
            passTurn()
            throw EventStoreError(.ioFailure, "what came before was not stored, so nothing was; try again")
        }
        let stored: Result<Durability, EventStoreError>?
        if admitted.isEmpty {
            stored = nil
            passTurn()
        } else {
            stored = await withCheckedContinuation { continuation in
                for (entry, status) in admitted.dropLast() {
                    gathered.append(Waiting(entry: entry, status: status, continuation: nil))
                }
                if let (entry, status) = admitted.last {
                    gathered.append(Waiting(entry: entry, status: status, continuation: continuation))
                }
                passTurn()
                flushIfNeeded()
            }
        }
        _ = try stored?.get()
        if let refusal { throw refusal }
    }

    /// - Returns: nil where there is nothing to store.
    private func decide(_ change: EncodedChange) async throws(EventStoreError) -> LogEntry? {
        switch change {
        case .commit(let commit, let firstVersion, let storedAt):
            return try await decide(commit, firstVersion, storedAt).map(LogEntry.commit)
        case .release(let source, let stream):
            let status = try await currentStatus(of: stream)
            let left = status.takingOverReleases(of: source)
            guard left != status else { return nil }
            // Not now: what follows was stored earlier.
            return .release(admit(left, of: stream, storedAt: lastStoredAt))
        }
    }

    private func decide(
        _ commit: EncodedCommit, _ firstVersion: Int, _ storedAt: Timestamp
    ) async throws(EventStoreError) -> PositionedCommit? {
        let expected = ExpectedVersion.exactly(firstVersion - 1)
        if try await isStored(commit, expecting: expected) { return nil }
        let status = try await currentStatus(of: commit.stream)
        guard !status.isTombstoned else { throw .deleted(commit.stream) }
        guard expected.allows(status) else {
            throw .conflict(in: commit.stream, expected: expected, actual: status.version)
        }
        try checkPositions(for: commit)
        return admit(commit, behind: status, storedAt: storedAt)
    }

    /// Whether the commit is there already.
    ///
    /// - Throws: ``EventStoreError/Code/duplicateEventID`` where another commit has one of its ids.
    private func isStored(
        _ commit: EncodedCommit, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> Bool {
        let index = index
        let earlier = earlier
        let ids = commit.eventIDs
        try checkOpen()
        if let taken = ids.first(where: eventIDsUnderWay.contains) {
            throw .duplicate(eventID: UUID(bits: taken), in: commit.stream)
        }
        do throws(IndexFault) {
            if try index.candidates(forEventIDs: ids, .verifiedOnly).isEmpty { return false }
        } catch {}
        return try await BlockingReads.run { () throws(EventStoreError) in
            let candidates: [LogIndex.Location]
            do throws(StrataError) {
                candidates = try earlier.reader.ask { index throws(IndexFault) in
                    try index.candidates(forEventIDs: ids, .verifying)
                }
            } catch { throw EventStoreError(reading: error) }
            return try earlier.result(of: commit, expecting: expected, among: candidates) != nil
        }
    }

    private func currentStatus(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try checkOpen()
        if let status = statusesUnderWay[stream] ?? index.knownStatus(of: stream) { return status }
        let reader = earlier.reader
        do throws(StrataError) {
            return try await BlockingReads.run { () throws(StrataError) in
                try reader.ask { index throws(IndexFault) in
                    try index.status(of: stream, .verifying, isTouched: true)
                }
            }
        } catch { throw EventStoreError(reading: error) }
    }
}
