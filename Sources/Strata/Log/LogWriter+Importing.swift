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
    /// What was decided about changes in one turn: about those before the first that cannot be decided yet, or is refused.
    private struct ImportDecision {
        /// How often appends had been failed before.
        let failures: Int
        /// How many changes it is about.
        var count = 0
        var admitted: [WriterState.Admitted] = []
        /// What streams must come to for the changes that had nothing to store.
        var relied: [StreamID: StreamStatus] = [:]
        var obstacle: ImportObstacle?
    }

    private enum ImportObstacle {
        case failure(EventStoreError)
        /// An append with one of the event ids is on its way to the device.
        case sameIDsUnderWay([UInt128])
        /// The stream does not allow it as it is, or as what is on its way to the device makes it.
        case refusal(EventStoreError, by: StreamStatus, of: StreamID)
    }

    /// Decides about changes of another store, and waits until those that are let in are stored.
    ///
    /// They are decided about in one turn and reach the log together, so that it stores a part of them from the front, or
    /// all. Only where something on its way to the device decides about one of them, the others wait for that.
    @concurrent
    func take(_ changes: [EncodedChange]) async throws(EventStoreError) {
        var rest = changes[...]
        while true {
            let decision = await decide(rest)
            guard try await store(decision) else { continue }
            rest = rest.dropFirst(decision.count)
            switch decision.obstacle {
            case nil: return
            case .failure(let error): throw error
            case .sameIDsUnderWay(let ids): await wait { $0.areFree(ids) }
            case .refusal(let error, let status, let stream):
                if await isSettled(status, of: stream, decidedAfter: decision.failures) { throw error }
            }
        }
    }

    /// Waits for the turn and keeps it.
    private func decide(_ changes: ArraySlice<EncodedChange>) async -> ImportDecision {
        await takeTurn()
        var decision = ImportDecision(failures: state.withLock(\.failures))
        for change in changes {
            do throws(EventStoreError) {
                decision.obstacle = try await decide(change, &decision)
            } catch {
                decision.obstacle = .failure(error)
            }
            guard decision.obstacle == nil else { break }
            decision.count += 1
        }
        return decision
    }

    /// Gives the turn back, and waits until everything that was decided is true of what is stored.
    ///
    /// - Returns: false where what others had on its way has failed, so that there must be another decision; nothing was
    ///   stored then.
    private func store(_ decision: ImportDecision) async throws(EventStoreError) -> Bool {
        var isVoid = false
        var obstacle: EventStoreError?
        let answer = await withCheckedContinuation { (continuation: WriterState.Continuation) in
            let (mustFlush, next) = state.withLock { state -> (Bool, WriterState.Continuation?) in
                // What was decided on top of what has failed is void, also what was decided since.
                isVoid = state.failures != decision.failures
                // The log may be closed by now.
                do throws(EventStoreError) { try state.checkOpen(releasing: decision.relied.keys) } catch {
                    obstacle = error
                    // What is in doubt may be stored.
                    if case .failure(let error) = decision.obstacle, error.code == .outcomeUnknown { obstacle = error }
                }
                if isVoid || obstacle != nil { state.forgetAllUnderWay() }
                guard !isVoid, obstacle == nil, let last = decision.admitted.last else {
                    continuation.resume(returning: .notAdmitted)
                    return (false, state.passTurn())
                }
                for entry in decision.admitted.dropLast() { state.gather(entry, answering: nil) }
                state.gather(last, answering: continuation)
                return (state.mustFlush(), state.passTurn())
            }
            next?.resume(returning: .turn)
            if mustFlush { startFlushing() }
        }
        // Somebody may wait for what was decided here.
        if isVoid || obstacle != nil { wakeBatchWaiters() }
        if let obstacle { throw obstacle }
        if isVoid { return false }
        if case .settled(let result) = answer {
            // So is everything that was on its way before.
            _ = try result.get()
            return true
        }
        for (stream, status) in decision.relied {
            guard await isSettled(status, of: stream, decidedAfter: decision.failures) else { return false }
        }
        return true
    }

    /// Decides about one change on top of those before it.
    private func decide(
        _ change: EncodedChange, _ decision: inout ImportDecision
    ) async throws(EventStoreError) -> ImportObstacle? {
        switch change {
        case .commit(let commit, let firstVersion, let storedAt):
            return try await decide(commit, firstVersion, storedAt, &decision)
        case .release(let source, let stream):
            try state.withLock { state throws(EventStoreError) in try state.checkOpen(releasing: [stream]) }
            let status = try await currentStatus(of: stream)
            let left = status.takingOverReleases(of: source)
            if left == status {
                decision.relied[stream] = status
            } else {
                // Not now: what follows was stored earlier.
                decision.admitted.append(
                    state.withLock { $0.admit(left, of: stream, storedAt: $0.lastStoredAt) })
            }
            return nil
        }
    }

    private func decide(
        _ commit: EncodedCommit, _ firstVersion: Int, _ storedAt: Timestamp, _ decision: inout ImportDecision
    ) async throws(EventStoreError) -> ImportObstacle? {
        let ids = commit.eventIDs
        let areFree = try state.withLock { state throws(EventStoreError) in
            try state.checkOpen(storing: ids)
            return state.areFree(ids)
        }
        guard areFree else { return .sameIDsUnderWay(ids) }
        let expected = ExpectedVersion.exactly(firstVersion - 1)
        if try await isStored(commit, expecting: expected) { return nil }
        let status = try await currentStatus(of: commit.stream)
        guard !status.isTombstoned else { return .refusal(.deleted(commit.stream), by: status, of: commit.stream) }
        guard expected.allows(status) else {
            return .refusal(
                .conflict(in: commit.stream, expected: expected, actual: status.version), by: status,
                of: commit.stream)
        }
        decision.admitted.append(
            try state.withLock { state throws(EventStoreError) in
                try state.admit(commit, behind: status, storedAt: storedAt).0
            })
        return nil
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
        let status: StreamStatus
        if let known { status = known } else { status = try await loadStatus(of: stream) }
        try state.withLock { state throws(EventStoreError) in try state.checkIndex() }
        return status
    }

    private func loadStatus(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
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
