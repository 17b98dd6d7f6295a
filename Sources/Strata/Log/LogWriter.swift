import DequeModule
import EventSourcing
import Synchronization

/// Decides about appends and releases, one after the other in the order in which they come, and gathers them for the
/// log.
///
/// Deciding (is the stream at the expected version, which versions and positions come next) takes no suspension,
/// unless a stored frame must be looked into first: then the append keeps its turn, and later ones wait for it. Whoever
/// has been let in then waits for the batch that stores it. While ``SegmentLog`` writes and syncs one batch, all that
/// come in form the next, and share its sync; those that a batch has answered get the time to join it.
actor LogWriter {
    private enum Decision {
        case admit(PositionedCommit)
        /// Frames that may hold one of the event ids decide.
        case look([LogIndex.Location])
        /// Pages of the index that were never looked at decide.
        case load
        /// The stream does not allow it as it is, or as what is on its way to the device makes it.
        case refuse(EventStoreError, StreamStatus)
        /// Another append with one of the event ids is on its way to the device.
        case sameIDsUnderWay
    }

    struct Waiting {
        let entry: LogEntry
        /// What it makes of its stream.
        let status: StreamStatus
        /// nil where a later one of the same batch answers for it.
        let continuation: CheckedContinuation<Result<Durability, EventStoreError>, Never>?
    }

    private let log: SegmentLog
    let index: LogIndex
    let earlier: EarlierAppend
    private let device: any Device
    private let mode: StrataOptions.DurabilityMode
    private let idleMarkDelay: Duration?
    private let simulation: (any SimulationThread)?

    var gathered: [Waiting] = []
    private var isFlushing = false
    /// What streams are behind what is on its way.
    var statusesUnderWay: [StreamID: StreamStatus] = [:]
    var eventIDsUnderWay: Set<UInt128> = []
    /// No position below is given out: an empty segment may begin far behind the last event.
    private let firstFreePosition: Int
    var nextPosition: Int
    var lastStoredAt: Timestamp
    private var batchWaiters: [CheckedContinuation<Void, Never>] = []
    private var isDeciding = false
    private var turnWaiters: Deque<CheckedContinuation<Void, Never>> = []
    /// How often appends that had been let in were failed.
    var failures = 0
    private var failure: StrataError?
    private var isClosed = false
    private var hasClosedLog = false
    private var batchesStored = 0
    /// How long it took, last time, until writers that had been answered had appended again.
    private var returningTime = Duration.zero
    private var marksWhenIdle = false
    private var syncsByTimer = false

    /// - Parameter firstFreePosition: the first position that was never given out.
    init(
        log: SegmentLog, firstFreePosition: Int, reader: LogReader, device: any Device, options: StrataOptions
    ) {
        self.log = log
        index = reader.index
        earlier = EarlierAppend(reader: reader)
        self.device = device
        mode = options.durability
        idleMarkDelay = options.idleMarkDelay
        simulation = Simulation.thread
        self.firstFreePosition = firstFreePosition
        nextPosition = firstFreePosition
        lastStoredAt = index.state.withLock { $0.lastStoredAt }
    }

    /// Decides about an append, and waits until it is stored if it is let in.
    ///
    /// - Parameter sifted: the commit's event ids.
    func append(
        _ commit: EncodedCommit, sifted: LogIndex.SiftedIDs, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        var cleared: Set<LogIndex.Location> = []
        await takeTurn()
        while true {
            let decision: Decision
            do throws(EventStoreError) {
                decision = try decide(commit, sifted, expecting: expected, cleared: cleared)
            } catch {
                passTurn()
                throw error
            }
            switch decision {
            case .admit(let positioned):
                return positioned.result(try await store(.commit(positioned)))
            case .look(let candidates):
                if let result = try await look(for: commit, expecting: expected, among: candidates) { return result }
                cleared.formUnion(candidates)
            case .load:
                try await load { index throws(IndexFault) in
                    _ = try index.lookUp(commit.stream, eventIDs: commit.eventIDs, .verifying)
                }
            case .refuse(let error, let status):
                passTurn()
                if await isSettled(status, of: commit.stream) { throw error }
                await takeTurn()
            case .sameIDsUnderWay:
                passTurn()
                while !eventIDsUnderWay.isDisjoint(with: commit.eventIDs) { await nextBatch() }
                await takeTurn()
            }
        }
    }

    private func decide(
        _ commit: EncodedCommit, _ sifted: LogIndex.SiftedIDs, expecting expected: ExpectedVersion,
        cleared: Set<LogIndex.Location>
    ) throws(EventStoreError) -> Decision {
        try checkOpen()
        guard eventIDsUnderWay.isDisjoint(with: commit.eventIDs) else { return .sameIDsUnderWay }
        let lookup: LogIndex.AppendLookup
        do throws(IndexFault) {
            lookup = try index.lookUp(commit.stream, eventIDs: commit.eventIDs, sifted: sifted, .verifiedOnly)
        } catch { return .load }
        let candidates = lookup.candidates.filter { !cleared.contains($0) }
        guard candidates.isEmpty else { return .look(candidates) }
        let status = statusesUnderWay[commit.stream] ?? lookup.status
        guard !status.isTombstoned else { return .refuse(.deleted(commit.stream), status) }
        guard expected.allows(status) else {
            return .refuse(.conflict(in: commit.stream, expected: expected, actual: status.version), status)
        }
        try checkPositions(for: commit)
        return .admit(admit(commit, behind: status))
    }

    /// The next segment's number, too, must be one.
    func checkPositions(for commit: EncodedCommit) throws(EventStoreError) {
        guard nextPosition + commit.eventCount < Format.numberLimit else {
            throw EventStoreError(.storageFull, "the store has given out all positions that there are")
        }
    }

    /// Decides about a release, and waits until it is stored if there is something to store.
    func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        await takeTurn()
        while true {
            guard let status = statusesUnderWay[stream] ?? index.knownStatus(of: stream) else {
                try await load { index throws(IndexFault) in
                    _ = try index.status(of: stream, .verifying, isTouched: true)
                }
                continue
            }
            let decision: Result<StreamStatus, EventStoreError>
            do throws(EventStoreError) {
                try checkOpen()
                decision = .success(try release.status(behind: status, of: stream, expecting: expected))
            } catch {
                decision = .failure(error)
            }
            if case .success(let behind) = decision, behind != status {
                let durability = try await store(.release(admit(behind, of: stream)))
                return DeletionResult(status: behind, durability: durability)
            }
            passTurn()
            if await isSettled(status, of: stream) {
                return DeletionResult(status: try decision.get(), durability: mode == .commit ? .synced : .written)
            }
            await takeTurn()
        }
    }

    /// Waits until readers see a stream as it was decided about, because whoever is told of it may look.
    ///
    /// - Returns: false where what was on its way has failed, so that there must be another decision.
    private func isSettled(_ status: StreamStatus, of stream: StreamID) async -> Bool {
        let before = failures
        while failures == before, !(index.statusIfTouched(stream)?.hasReached(status) ?? (status.version == 0)) {
            await nextBatch()
        }
        return failures == before
    }

    /// Lets the next one decide, and waits until an entry is stored.
    private func store(_ entry: LogEntry) async throws(EventStoreError) -> Durability {
        let status = statusesUnderWay[entry.stream] ?? StreamStatus(version: 0)
        let result = await withCheckedContinuation { continuation in
            gathered.append(Waiting(entry: entry, status: status, continuation: continuation))
            passTurn()
            flushIfNeeded()
        }
        return try result.get()
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
    func load(
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
        guard isDeciding else {
            isDeciding = true
            return
        }
        await withCheckedContinuation { turnWaiters.append($0) }
    }

    /// Lets the append decide that has waited longest.
    func passTurn() {
        if let next = turnWaiters.popFirst() { next.resume() } else { isDeciding = false }
    }

    /// - Parameter storedAt: when it is stored; nil for now.
    func admit(
        _ commit: EncodedCommit, behind status: StreamStatus, storedAt: Timestamp? = nil
    ) -> PositionedCommit {
        lastStoredAt = max(lastStoredAt, storedAt ?? device.now())
        let positioned = PositionedCommit(
            commit: commit, firstVersion: status.version + 1, firstPosition: nextPosition, storedAt: lastStoredAt)
        nextPosition += commit.eventCount
        statusesUnderWay[commit.stream] = StreamStatus(
            version: status.version + commit.eventCount, firstVersion: status.firstVersion,
            isTruncated: status.isTruncated)
        eventIDsUnderWay.formUnion(commit.eventIDs)
        return positioned
    }

    /// - Parameter storedAt: when it is stored; nil for now.
    func admit(_ status: StreamStatus, of stream: StreamID, storedAt: Timestamp? = nil) -> StampedRelease {
        lastStoredAt = max(lastStoredAt, storedAt ?? device.now())
        statusesUnderWay[stream] = status
        return StampedRelease(release: EncodedRelease(Release(status), of: stream), storedAt: lastStoredAt)
    }

    func checkOpen() throws(EventStoreError) {
        guard !isClosed else { throw EventStoreError(.closed, "the store is closed") }
        if let failure {
            throw EventStoreError(
                .ioFailure, "the store stopped writing after a failure; open it again", cause: failure)
        }
    }

    /// Waits until the batch under way is settled.
    func nextBatch() async {
        await withCheckedContinuation { batchWaiters.append($0) }
    }

    func flushIfNeeded() {
        guard !isFlushing else { return }
        isFlushing = true
        if let simulation {
            Task(executorPreference: simulation) { await self.flush() }
        } else {
            Task { await flush() }
        }
    }

    private func flush() async {
        while !gathered.isEmpty {
            let batch = gathered
            gathered = []
            let start = ContinuousClock.now
            let outcome = await log.store(batch.map(\.entry))
            let storingTime = ContinuousClock.now - start
            batchesStored += 1
            settle(batch, outcome)
            if batch.count > 1 { await letWritersReturn(storingTime) }
        }
        isFlushing = false
        wakeWaiters()
        markWhenIdle()
        syncByTimer()
    }

    /// Lets writers that were just answered append again before the next batch goes to the device: otherwise they would
    /// miss it, and of writers that append without a pause only every other one would share each sync.
    ///
    /// It pays where storing takes longer than they take to return; where not, the device need not wait for them.
    private func letWritersReturn(_ storingTime: Duration) async {
        guard storingTime > returningTime else {
            // Less each time, so that it is tried again.
            returningTime = returningTime * 7 / 8
            return
        }
        let start = ContinuousClock.now
        await Self.goBehindOtherTasks()
        returningTime = ContinuousClock.now - start
    }

    /// Returns when every task that could run at the call has run.
    @concurrent
    private static func goBehindOtherTasks() async {
        await Task.yield()
    }

    private func settle(_ batch: [Waiting], _ outcome: SegmentLog.Outcome) {
        let durability: Durability = mode == .commit ? .synced : .written
        for waiting in batch[..<outcome.stored] {
            forget(waiting)
            waiting.continuation?.resume(returning: .success(durability))
        }
        if let failure = outcome.failure { fail(Array(batch[outcome.stored...]), failure) }
        wakeWaiters()
    }

    private func forget(_ waiting: Waiting) {
        // Each entry changes its stream, so that an equal status is that of the last one on its way.
        if statusesUnderWay[waiting.entry.stream] == waiting.status { statusesUnderWay[waiting.entry.stream] = nil }
        if case .commit(let positioned) = waiting.entry { eventIDsUnderWay.subtract(positioned.commit.eventIDs) }
    }

    /// Fails the rest of a batch, and everything that was decided on top of it.
    private func fail(_ rest: [Waiting], _ failure: LogFailure) {
        failures += 1
        let failed = rest + gathered
        gathered = []
        forgetAllUnderWay()
        let error: EventStoreError
        switch failure {
        case .undone(let cause):
            let isFull = cause.code == .storageFull
            error = EventStoreError(
                isFull ? .storageFull : .ioFailure,
                isFull ? "there is no room; nothing was stored" : "nothing was stored", cause: cause)
        case .final(let cause):
            self.failure = cause
            error = EventStoreError(
                .outcomeUnknown, "writing failed; open the store again to see what became of it",
                cause: cause)
        }
        for waiting in failed { waiting.continuation?.resume(returning: .failure(error)) }
    }

    /// Goes back to what is stored. Nothing that was let in is on its way any more.
    func forgetAllUnderWay() {
        statusesUnderWay = [:]
        eventIDsUnderWay = []
        nextPosition = max(index.lastPosition + 1, firstFreePosition)
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

    /// Lets no more appends in, waits for those under way, and closes the log. Idempotent; whoever calls while another
    /// call is at it waits for that.
    func close() async throws(StrataError) {
        guard !isClosed else {
            while !hasClosedLog { await nextBatch() }
            return
        }
        isClosed = true
        while isFlushing { await nextBatch() }
        defer {
            hasClosedLog = true
            wakeWaiters()
        }
        if failure != nil { return await log.abandon() }
        do throws(LogFailure) { try await log.close() } catch { throw error.error }
    }
}

extension LogWriter {
    /// Marks the end of the log once no append has come for a while.
    private func markWhenIdle() {
        guard let idleMarkDelay, mode != .none, !marksWhenIdle, !isClosed, simulation == nil else { return }
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
        guard case .interval(let interval) = mode, !syncsByTimer, !isClosed, simulation == nil else { return }
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

extension StreamStatus {
    /// Whether a stream has come as far as it once was to be, or further.
    fileprivate func hasReached(_ earlier: StreamStatus) -> Bool {
        version >= earlier.version && firstVersion >= earlier.firstVersion && (isTombstoned || !earlier.isTombstoned)
    }
}

extension PositionedCommit {
    func result(_ durability: Durability) -> AppendResult {
        AppendResult(
            version: firstVersion + commit.eventCount - 1, firstPosition: Position(firstPosition),
            lastPosition: Position(firstPosition + commit.eventCount - 1), durability: durability)
    }
}
