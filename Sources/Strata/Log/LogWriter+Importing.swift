import EventSourcing
import FoundationEssentials
import Synchronization

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
    @concurrent
    func take(_ changes: [EncodedChange]) async throws(EventStoreError) {
        await takeTurn()
        let failuresBefore = state.withLock(\.failures)
        var admitted: [WriterState.Admitted] = []
        var refusal: EventStoreError?
        for change in changes {
            do throws(EventStoreError) {
                if let change = try await decide(change) { admitted.append(change) }
            } catch {
                refusal = error
                break
            }
        }
        let stored = try await store(admitted, decidedAfter: failuresBefore)
        if case .settled(let result) = stored { _ = try result.get() }
        if let refusal { throw refusal }
    }

    /// Gives the turn back, and waits until what was let in is stored, where that is something.
    private func store(
        _ admitted: [WriterState.Admitted], decidedAfter failures: Int
    ) async throws(EventStoreError) -> WriterState.Answer {
        var obstacle: EventStoreError?
        let answer = await withCheckedContinuation { (continuation: WriterState.Continuation) in
            let (mustFlush, next) = state.withLock { state -> (Bool, WriterState.Continuation?) in
                // What others had on its way has failed, and what was decided on top of it is void, also what was decided
                // since.
                if state.failures != failures {
                    obstacle = EventStoreError(
                        .ioFailure, "what came before was not stored, so nothing was; try again")
                }
                // The log may be closed by now.
                do throws(EventStoreError) { try state.checkOpen() } catch { obstacle = error }
                if obstacle != nil { state.forgetAllUnderWay() }
                guard obstacle == nil, let last = admitted.last else {
                    continuation.resume(returning: .notAdmitted)
                    return (false, state.passTurn())
                }
                for entry in admitted.dropLast() { state.gather(entry, answering: nil) }
                state.gather(last, answering: continuation)
                return (state.mustFlush(), state.passTurn())
            }
            next?.resume(returning: .turn)
            if mustFlush { startFlushing() }
        }
        if let obstacle {
            // Somebody may wait for what was decided here.
            wakeBatchWaiters()
            throw obstacle
        }
        return answer
    }

    /// - Returns: nil where there is nothing to store.
    private func decide(_ change: EncodedChange) async throws(EventStoreError) -> WriterState.Admitted? {
        switch change {
        case .commit(let commit, let firstVersion, let storedAt):
            return try await decide(commit, firstVersion, storedAt)
        case .release(let source, let stream):
            let status = try await currentStatus(of: stream)
            let left = status.takingOverReleases(of: source)
            guard left != status else { return nil }
            // Not now: what follows was stored earlier.
            return state.withLock { $0.admit(left, of: stream, storedAt: $0.lastStoredAt) }
        }
    }

    private func decide(
        _ commit: EncodedCommit, _ firstVersion: Int, _ storedAt: Timestamp
    ) async throws(EventStoreError) -> WriterState.Admitted? {
        let expected = ExpectedVersion.exactly(firstVersion - 1)
        if try await isStored(commit, expecting: expected) { return nil }
        let status = try await currentStatus(of: commit.stream)
        guard !status.isTombstoned else { throw .deleted(commit.stream) }
        guard expected.allows(status) else {
            throw .conflict(in: commit.stream, expected: expected, actual: status.version)
        }
        return try state.withLock { state throws(EventStoreError) in
            try state.admit(commit, behind: status, storedAt: storedAt).0
        }
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
        let taken = try state.withLock { state throws(EventStoreError) in
            try state.checkOpen()
            return state.firstUnderWay(of: ids)
        }
        if let taken { throw .duplicate(eventID: UUID(bits: taken), in: commit.stream) }
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
        let known = try state.withLock { state throws(EventStoreError) in
            try state.checkOpen()
            return state.knownStatus(of: stream)
        }
        if let known { return known }
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
