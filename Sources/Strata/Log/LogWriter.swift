import EventSourcing
import Synchronization

/// Decides about appends, one after the other, and gathers them for the log.
///
/// Deciding (is the stream at the expected version, which versions and positions come next) takes no suspension;
/// whoever has been let in then waits for the batch that stores it. While ``SegmentLog`` writes and syncs one batch,
/// all appends that come in form the next, and share its sync.
actor LogWriter {
    /// The answer to an append.
    enum Answer: Sendable {
        case stored(AppendResult)
        /// Frames that may hold one of the event ids: look there, and come back saying that they do not.
        case look([Location])
        /// Something on the way to the device decides: try again.
        case tryAgain
    }

    private struct Waiting {
        let commit: PositionedCommit
        let continuation: CheckedContinuation<Result<Answer, EventStoreError>, Never>
    }

    private let log: SegmentLog
    private let index: LogIndex
    private let device: any Device
    private let mode: StrataOptions.DurabilityMode
    private let idleMarkDelay: Duration?

    private var gathered: [Waiting] = []
    private var isFlushing = false
    /// The versions of streams whose last append is on its way.
    private var versionsUnderWay: [StreamID: Int] = [:]
    private var eventIDsUnderWay: Set<UInt128> = []
    private var nextPosition: Int
    private var lastStoredAt: Timestamp
    private var batchWaiters: [CheckedContinuation<Void, Never>] = []
    private var failure: StrataError?
    private var isClosed = false
    private var batchesStored = 0
    private var marksWhenIdle = false
    private var syncsByTimer = false

    init(log: SegmentLog, index: LogIndex, device: any Device, options: StrataOptions) {
        self.log = log
        self.index = index
        self.device = device
        mode = options.durability
        idleMarkDelay = options.idleMarkDelay
        nextPosition = index.lastPosition + 1
        lastStoredAt = index.state.withLock { $0.lastStoredAt }
    }

    /// Decides about an append, and waits until it is stored if it is let in.
    ///
    /// - Parameter cleared: frames of which the caller knows that they hold none of the event ids.
    func append(
        _ commit: EncodedCommit, expecting expected: ExpectedVersion, cleared: Set<Location>
    ) async throws(EventStoreError) -> Answer {
        try checkOpen()
        if !eventIDsUnderWay.isDisjoint(with: commit.eventIDs) { return await afterNextBatch() }
        let lookup = index.lookUp(commit.stream, eventIDs: commit.eventIDs)
        let candidates = lookup.candidates.values.joined().filter { !cleared.contains($0) }
        guard candidates.isEmpty else { return .look(candidates) }
        let version = versionsUnderWay[commit.stream] ?? lookup.version
        guard expected.allows(version) else {
            // What the conflict is with must be visible when the caller learns of it, and may yet fail.
            if versionsUnderWay[commit.stream] != nil { return await afterNextBatch() }
            throw .conflict(in: commit.stream, expected: expected, actual: version)
        }
        let positioned = admit(commit, after: version)
        let result = await withCheckedContinuation { continuation in
            gathered.append(Waiting(commit: positioned, continuation: continuation))
            flushIfNeeded()
        }
        return try result.get()
    }

    private func admit(_ commit: EncodedCommit, after version: Int) -> PositionedCommit {
        lastStoredAt = max(lastStoredAt, device.now())
        let positioned = PositionedCommit(
            commit: commit, firstVersion: version + 1, firstPosition: nextPosition, storedAt: lastStoredAt)
        nextPosition += commit.eventCount
        versionsUnderWay[commit.stream] = version + commit.eventCount
        eventIDsUnderWay.formUnion(commit.eventIDs)
        return positioned
    }

    private func checkOpen() throws(EventStoreError) {
        guard !isClosed else { throw EventStoreError(.closed, "the store is closed") }
        if let failure {
            throw EventStoreError(
                .ioFailure, "the store stopped writing after a failure; open it again", cause: failure)
        }
    }

    private func afterNextBatch() async -> Answer {
        await withCheckedContinuation { batchWaiters.append($0) }
        return .tryAgain
    }

    private func flushIfNeeded() {
        guard !isFlushing else { return }
        isFlushing = true
        Task { await flush() }
    }

    private func flush() async {
        while !gathered.isEmpty {
            let batch = gathered
            gathered = []
            let outcome = await log.store(batch.map(\.commit))
            batchesStored += 1
            settle(batch, outcome)
        }
        isFlushing = false
        wakeWaiters()
        markWhenIdle()
        syncByTimer()
    }

    private func settle(_ batch: [Waiting], _ outcome: SegmentLog.Outcome) {
        let durability: Durability = mode == .commit ? .synced : .written
        for waiting in batch[..<outcome.stored] {
            forget(waiting.commit)
            waiting.continuation.resume(returning: .success(.stored(waiting.commit.result(durability))))
        }
        if let failure = outcome.failure { fail(Array(batch[outcome.stored...]), failure) }
        wakeWaiters()
    }

    private func forget(_ positioned: PositionedCommit) {
        let stream = positioned.commit.stream
        if versionsUnderWay[stream] == positioned.firstVersion + positioned.commit.eventCount - 1 {
            versionsUnderWay[stream] = nil
        }
        eventIDsUnderWay.subtract(positioned.commit.eventIDs)
    }

    /// Fails the rest of a batch, and everything that was decided on top of it.
    private func fail(_ rest: [Waiting], _ failure: LogFailure) {
        let failed = rest + gathered
        gathered = []
        versionsUnderWay = [:]
        eventIDsUnderWay = []
        nextPosition = index.lastPosition + 1
        let error: EventStoreError
        switch failure {
        case .undone(let cause):
            let isFull = cause.code == .storageFull
            error = EventStoreError(
                isFull ? .storageFull : .ioFailure,
                isFull ? "there is no room for the append; nothing was stored" : "nothing was stored", cause: cause)
        case .final(let cause):
            self.failure = cause
            error = EventStoreError(
                .outcomeUnknown, "writing failed; open the store again to see whether the events are there",
                cause: cause)
        }
        for waiting in failed { waiting.continuation.resume(returning: .failure(error)) }
    }

    private func wakeWaiters() {
        let waiters = batchWaiters
        batchWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until everything up to a position is durable.
    func waitUntilDurable(_ position: Position) async throws(EventStoreError) {
        guard index.durablePosition < position.rawValue else { return }
        try checkOpen()
        guard position.rawValue <= index.lastPosition else {
            throw EventStoreError(.invalidArgument, "position \(position) is not stored yet")
        }
        do throws(LogFailure) { try await log.sync() } catch { throw stop(error) }
    }

    private func stop(_ failure: LogFailure) -> EventStoreError {
        self.failure = failure.error
        return EventStoreError(.ioFailure, "syncing failed; open the store again", cause: failure.error)
    }

    /// Lets no more appends in, waits for those under way, and closes the log.
    func close() async throws(StrataError) {
        guard !isClosed else { return }
        isClosed = true
        while isFlushing { _ = await afterNextBatch() }
        if failure != nil { return await log.abandon() }
        do throws(LogFailure) { try await log.close() } catch { throw error.error }
    }
}

extension LogWriter {
    /// Marks the end of the log once no append has come for a while.
    private func markWhenIdle() {
        guard let idleMarkDelay, mode != .none, !marksWhenIdle, !isClosed else { return }
        marksWhenIdle = true
        Task { [weak self] in
            var seen: Int?
            repeat { try? await Task.sleep(for: idleMarkDelay) } while await self?.isStillBusy(&seen) ?? false
        }
    }

    /// Whether batches were stored since the last look; if not, marks the log.
    private func isStillBusy(_ seen: inout Int?) async -> Bool {
        guard !isClosed, failure == nil else {
            marksWhenIdle = false
            return false
        }
        if seen != batchesStored || isFlushing {
            seen = batchesStored
            return true
        }
        marksWhenIdle = false
        do throws(LogFailure) {
            try await log.markIfRoom()
        } catch {
            failure = error.error
        }
        return false
    }

    /// Syncs within the interval of the durability mode as long as there is something to sync.
    private func syncByTimer() {
        guard case .interval(let interval) = mode, !syncsByTimer, !isClosed else { return }
        syncsByTimer = true
        Task { [weak self] in
            try? await Task.sleep(for: interval)
            await self?.syncNow()
        }
    }

    private func syncNow() async {
        syncsByTimer = false
        guard !isClosed, failure == nil else { return }
        do throws(LogFailure) { try await log.sync() } catch { failure = error.error }
    }
}

extension PositionedCommit {
    func result(_ durability: Durability) -> AppendResult {
        AppendResult(
            version: firstVersion + commit.eventCount - 1, firstPosition: Position(firstPosition),
            lastPosition: Position(firstPosition + commit.eventCount - 1), durability: durability)
    }
}
