import EventSourcing
import Synchronization

/// What happens beside appends: their batches are stored, and what follows later from that.
extension LogWriter {
    /// Has the log store what is gathered, until nothing is.
    func startFlushing() {
        Task(executorPreference: log.entrance) { [log] in await self.flush(on: log) }
    }

    private func flush(on log: isolated SegmentLog) async {
        while let batch = state.withLock({ $0.takeBatch() }) {
            let outcome = log.store(batch.map(\.admitted.entry))
            settle(batch, outcome)
            // Not only when nothing is left to store: under load, that may never be.
            syncByTimer()
            await letWritersReturn(from: batch, outcome.syncTime)
        }
        wakeBatchWaiters()
        markWhenIdle()
    }

    private func settle(_ batch: [WriterState.Waiting], _ outcome: SegmentLog.Outcome) {
        let failure = state.withLock { $0.settle(batch, outcome) }
        let durability: Durability = mode == .commit ? .synced : .written
        for waiting in batch[..<outcome.stored] {
            waiting.continuation?.resume(returning: .settled(.success(durability)))
        }
        if let (failed, error) = failure {
            for waiting in failed { waiting.continuation?.resume(returning: .settled(.failure(error))) }
        }
        wakeBatchWaiters()
    }

    func wakeBatchWaiters() {
        for waiter in state.withLock({ $0.takeBatchWaiters() }) { waiter.resume() }
    }

    /// Lets writers that were just answered append again before the next batch goes to the device: otherwise they would
    /// miss it, and of writers that append without a pause only every other one would share each sync.
    ///
    /// It pays where the sync that this spares takes longer than they take to return. Where not, they return while the device
    /// makes the next batch durable.
    private func letWritersReturn(from batch: [WriterState.Waiting], _ syncTime: Duration) async {
        guard batch.count > 1, state.withLock({ $0.waitsForWriters(of: batch, atMost: patience(syncTime)) })
        else {
            // Whatever else the log has to do gets its turn; where no batch follows, it does in any case.
            if state.withLock({ !$0.gathered.isEmpty }) { await Task.yield() }
            return
        }
        let start = ContinuousClock.now
        await withTaskExecutorPreference(simulation ?? globalConcurrentExecutor) { await Self.goBehindOtherTasks() }
        state.withLock { $0.returningTime = (ContinuousClock.now - start) / batch.count }
    }

    /// How long it is worth waiting for writers. Where nothing is synced, no device waits, and larger batches are cheaper; a
    /// simulation knows no time.
    private func patience(_ syncTime: Duration) -> Duration {
        if simulation != nil { return .seconds(3_600) }
        return mode == .commit ? syncTime : .milliseconds(1)
    }

    /// Returns when every task that could run at the call has run.
    @concurrent
    private static func goBehindOtherTasks() async {
        await Task.yield()
    }

    /// Marks the end of the log once no append has come for a while.
    private func markWhenIdle() {
        guard let idleMarkDelay, mode != .none, simulation == nil, begins(\.marksWhenIdle) else { return }
        Task { [weak self] in
            var seen: Int?
            repeat { try? await Task.sleep(for: idleMarkDelay) } while await self?.isStillBusy(&seen) ?? false
        }
    }

    /// Whether a job begins that is to run once at a time: it does unless it runs already, or the store is closed.
    private func begins(_ isRunning: WritableKeyPath<WriterState, Bool>) -> Bool {
        state.withLock { state in
            guard !state[keyPath: isRunning], !state.isClosed else { return false }
            state[keyPath: isRunning] = true
            return true
        }
    }

    /// Whether batches were stored since the last look; if not, marks the log.
    private func isStillBusy(_ seen: inout Int?) async -> Bool {
        let isIdle: Bool? = state.withLock { state in
            guard !state.isClosed, state.failure == nil else {
                state.marksWhenIdle = false
                return nil
            }
            guard seen == state.batchesStored, !state.isFlushing else {
                seen = state.batchesStored
                return false
            }
            state.marksWhenIdle = false
            return true
        }
        if isIdle == true {
            do throws(LogFailure) { try await log.markIfRoom() } catch {
                state.withLock { $0.fail(error.error, isTold: false) }
            }
        }
        return isIdle == false
    }

    /// Syncs within the interval of the durability mode as long as there is something to sync.
    private func syncByTimer() {
        guard case .interval(let interval) = mode, simulation == nil, begins(\.syncsByTimer) else { return }
        Task { [weak self] in
            try? await Task.sleep(for: interval)
            await self?.syncNow()
        }
    }

    private func syncNow() async {
        let isWritable = state.withLock { state in
            state.syncsByTimer = false
            return !state.isClosed && state.failure == nil
        }
        guard isWritable else { return }
        do throws(LogFailure) { try await log.sync() } catch {
            state.withLock { $0.fail(error.error, isTold: false) }
        }
    }
}
