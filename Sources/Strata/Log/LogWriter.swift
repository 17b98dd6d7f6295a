import EventSourcing
import Synchronization

/// Decides about appends and releases, one after the other in the order in which they come, and gathers them for the
/// log.
///
/// Deciding (is the stream at the expected version, which versions and positions come next) is done under a lock, on the
/// thread of whoever appends. Where a stored frame must be looked into first, the append keeps its turn, and later ones
/// wait for it. Whoever has been let in then waits for the batch that stores it. While ``SegmentLog`` writes and syncs one
/// batch, all that come in form the next, and share its sync; those that a batch has answered get the time to join it.
final class LogWriter: Sendable {
    let log: SegmentLog
    let index: LogIndex
    let earlier: EarlierAppend
    let mode: StrataOptions.DurabilityMode
    let idleMarkDelay: Duration?
    let simulation: (any SimulationThread)?
    let state: Mutex<WriterState>

    /// - Parameter firstFreePosition: the first position that was never given out.
    init(
        log: SegmentLog, firstFreePosition: Int, reader: LogReader, device: any Device, options: StrataOptions
    ) {
        self.log = log
        index = reader.index
        earlier = EarlierAppend(reader: reader)
        mode = options.durability
        idleMarkDelay = options.idleMarkDelay
        simulation = Simulation.thread
        state = Mutex(WriterState(index: reader.index, firstFreePosition: firstFreePosition, device: device))
    }

    /// Decides about an append, and waits until it is stored if it is let in.
    ///
    /// Whoever waits in line for the turn or keeps it does so on the pool: an actor that is busy otherwise holds nobody up.
    ///
    /// - Parameter sifted: the commit's event ids.
    @concurrent
    func append(
        _ commit: EncodedCommit, sifted: LogIndex.SiftedIDs, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        var cleared: Set<LogIndex.Location> = []
        var hasTurn = false
        while true {
            let outcome = try await store(havingTurn: hasTurn) { state throws(EventStoreError) in
                try state.decide(commit, sifted, expecting: expected, cleared: cleared)
            }
            switch outcome {
            case .stored(let positioned, let durability): return positioned.result(durability)
            case .hindered(let obstacle, let keepsTurn, let failures):
                hasTurn = keepsTurn
                switch obstacle {
                case .look(let candidates):
                    if let result = try await look(for: commit, expecting: expected, among: candidates) {
                        return result
                    }
                    cleared.formUnion(candidates)
                case .load:
                    try await load { index throws(IndexFault) in
                        _ = try index.lookUp(commit.stream, eventIDs: commit.eventIDs, .verifying)
                    }
                case .sameIDsUnderWay: await wait { $0.areFree(commit.eventIDs) }
                case .refused(let error, let status):
                    if await isSettled(status, of: commit.stream, decidedAfter: failures) { throw error }
                }
            }
        }
    }

    /// Decides about a release, and waits until it is stored if there is something to store.
    @concurrent
    func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        var hasTurn = false
        while true {
            let outcome = try await store(havingTurn: hasTurn) { state throws(EventStoreError) in
                try state.decide(release, of: stream, expecting: expected)
            }
            switch outcome {
            case .stored(let status, let durability): return DeletionResult(status: status, durability: durability)
            case .hindered(let obstacle, let keepsTurn, let failures):
                hasTurn = keepsTurn
                switch obstacle {
                case .load:
                    try await load { index throws(IndexFault) in
                        _ = try index.status(of: stream, .verifying, isTouched: true)
                    }
                case .decided(let decision, let status):
                    guard await isSettled(status, of: stream, decidedAfter: failures) else { continue }
                    return DeletionResult(status: try decision.get(), durability: mode == .commit ? .synced : .written)
                }
            }
        }
    }

    private enum Outcome<Value, Obstacle> {
        case stored(Value, Durability)
        /// - Parameter failures: how often appends had been failed when that was decided.
        case hindered(by: Obstacle, keepingTurn: Bool, failures: Int)
    }

    /// Decides when it is the caller's turn, and waits until what is let in is stored.
    ///
    /// - Parameter hadTurn: whether the caller has kept its turn.
    private func store<Value, Obstacle>(
        havingTurn hadTurn: Bool,
        _ decide: (inout WriterState) throws(EventStoreError) -> WriterState.Decision<Value, Obstacle>
    ) async throws(EventStoreError) -> Outcome<Value, Obstacle> {
        var hasTurn = hadTurn
        while true {
            var decision: Result<WriterState.Decision<Value, Obstacle>, EventStoreError>?
            var failures = 0
            let answer = await withCheckedContinuation { (continuation: WriterState.Continuation) in
                let (mustFlush, next) = state.withLock { state -> (Bool, WriterState.Continuation?) in
                    guard hasTurn || state.takeTurn(orWait: continuation) else { return (false, nil) }
                    failures = state.failures
                    do throws(EventStoreError) { decision = .success(try decide(&state)) } catch {
                        decision = .failure(error)
                    }
                    switch decision {
                    case .success(.admit(let admitted, _)):
                        state.gather(admitted, answering: continuation)
                        return (state.mustFlush(), state.passTurn())
                    case .success(.holdUp):
                        continuation.resume(returning: .notAdmitted)
                        return (false, nil)
                    case .success(.refuse), .failure, nil:
                        continuation.resume(returning: .notAdmitted)
                        return (false, state.passTurn())
                    }
                }
                next?.resume(returning: .turn)
                if mustFlush { startFlushing() }
            }
            switch (answer, try decision?.get()) {
            case (.settled(let result), .admit(_, let value)): return .stored(value, try result.get())
            case (_, .refuse(let obstacle)): return .hindered(by: obstacle, keepingTurn: false, failures: failures)
            case (_, .holdUp(let obstacle)): return .hindered(by: obstacle, keepingTurn: true, failures: failures)
            case (_, .admit), (_, nil): hasTurn = true
            }
        }
    }

    /// Waits until readers see a stream as it was decided about, because whoever is told of it may look.
    ///
    /// - Parameter failures: how often appends had been failed when that was decided.
    /// - Returns: false where what was on its way has failed, so that there must be another decision.
    func isSettled(
        _ status: StreamStatus, of stream: StreamID, decidedAfter failures: Int
    ) async -> Bool {
        var isSettled = false
        await wait { state in
            isSettled = state.failures == failures
            return !isSettled || state.shows(stream, as: status)
        }
        return isSettled
    }

    /// Looks into stored frames, keeping the turn unless that settles the append.
    private func look(
        for commit: EncodedCommit, expecting expected: ExpectedVersion, among candidates: [LogIndex.Location]
    ) async throws(EventStoreError) -> AppendResult? {
        let earlier = earlier
        do throws(EventStoreError) {
            let result = try await BlockingReads.run { () throws(EventStoreError) in
                try earlier.result(of: commit, expecting: expected, among: candidates)
            }
            if result != nil { passTurn() }
            return result
        } catch {
            passTurn()
            throw error
        }
    }

    /// Asks the index where that may block, keeping the turn unless that fails: what was asked for can be had at once then.
    private func load(
        _ ask: @escaping @Sendable (LogIndex) throws(IndexFault) -> Void
    ) async throws(EventStoreError) {
        let reader = earlier.reader
        do throws(StrataError) {
            try await BlockingReads.run { () throws(StrataError) in try reader.ask(ask) }
        } catch {
            passTurn()
            throw EventStoreError(reading: error)
        }
    }

    func takeTurn() async {
        _ = await withCheckedContinuation { (continuation: WriterState.Continuation) in
            if state.withLock({ $0.takeTurn(orWait: continuation) }) { continuation.resume(returning: .turn) }
        }
    }

    func passTurn() {
        state.withLock { $0.passTurn() }?.resume(returning: .turn)
    }

    /// Waits until a condition holds; it is asked again whenever a batch is settled, and when the log has stored all or is closed.
    func wait(until condition: (WriterState) -> Bool) async {
        var isMet = false
        while !isMet {
            await withCheckedContinuation { continuation in
                isMet = state.withLock { state in
                    let isMet = condition(state)
                    if !isMet { state.batchWaiters.append(continuation) }
                    return isMet
                }
                if isMet { continuation.resume() }
            }
        }
    }

    /// Waits until everything up to a position is durable.
    func waitUntilDurable(_ position: Position) async throws(EventStoreError) {
        guard index.durablePosition < position.rawValue else { return }
        try state.withLock { state throws(EventStoreError) in try state.checkOpen() }
        guard position.rawValue <= index.lastPosition else {
            throw EventStoreError(.invalidArgument, "position \(position) is not stored yet")
        }
        do throws(LogFailure) { try await log.sync() } catch {
            state.withLock { $0.fail(error.error, isTold: true) }
            throw EventStoreError(.ioFailure, "syncing failed; open the store again", cause: error.error)
        }
    }

    /// Lets no more appends in, waits for those under way, and closes the log. Idempotent; whoever calls while another
    /// call is at it waits for that, and everybody gets the same answer.
    func close() async throws(StrataError) {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst {
            await wait { !$0.isFlushing }
            let result = await closeLog()
            state.withLock { $0.closing = result }
            wakeBatchWaiters()
        } else {
            await wait { $0.closing != nil }
        }
        try state.withLock(\.closing)?.get()
    }

    private func closeLog() async -> Result<Void, StrataError> {
        let (failure, isTold) = state.withLock { ($0.failure, $0.isFailureTold) }
        if let failure {
            await log.abandon()
            // What was acknowledged without being durable may be gone, and nobody has been told yet.
            return isTold || index.durablePosition >= index.lastPosition ? .success(()) : .failure(failure)
        }
        do throws(LogFailure) {
            try await log.close()
            return .success(())
        } catch {
            return .failure(error.error)
        }
    }
}

extension PositionedCommit {
    fileprivate func result(_ durability: Durability) -> AppendResult {
        AppendResult(
            version: firstVersion + commit.eventCount - 1, firstPosition: Position(firstPosition),
            lastPosition: Position(firstPosition + commit.eventCount - 1), durability: durability)
    }
}
