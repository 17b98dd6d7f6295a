import EventSourcing
import FoundationEssentials
import Logging
package import Strata

/// Does a workload's steps to a store on a simulated device, and notes what callers were told.
package struct WorkloadRun {
    /// What callers do when the device has failed them.
    package enum AfterFailure: String, CaseIterable, Sendable {
        /// They go on with the store that they have.
        case retry
        /// They let the process die, and open the store again.
        case restart
        /// They do nothing more: the power goes.
        case crash
    }

    package let workload: Workload
    package let history = History()
    private let afterFailure: AfterFailure
    /// The device of the process that lives now.
    package private(set) var device: SimulatedDevice
    /// How often the store was opened again because it had stopped writing.
    package private(set) var reopenings = 0
    private var store: StrataStore?
    private var randomness: SeededRandomness
    private let streams: [StreamID]

    /// - Parameters:
    ///   - seed: determines ids, payloads and the device's random numbers.
    ///   - afterFailure: what callers do when the device has failed them.
    package init(
        _ workload: Workload, on device: SimulatedDevice, seed: UInt64, afterFailure: AfterFailure = .restart
    ) {
        self.workload = workload
        self.afterFailure = afterFailure
        self.device = device
        var randomness = SeededRandomness(seed: seed)
        streams = (0..<10).map { StreamID($0 % 2 == 0 ? "Order" : "Customer", UUID(using: &randomness)) }
        self.randomness = randomness
    }

    /// Does a workload in the order that its schedule determines, as ``run()`` does.
    package static func finished(
        _ workload: Workload, on device: SimulatedDevice, seed: UInt64, afterFailure: AfterFailure = .restart
    ) async throws -> (run: WorkloadRun, error: StrataError?) {
        let run = WorkloadRun(workload, on: device, seed: seed, afterFailure: afterFailure)
        guard let schedule = workload.schedule else { return await run.finished() }
        return try await SimulatedThread.run(schedule) {
            device.giveWay(to: Simulation.thread as? SimulatedThread)
            let end = await run.finished()
            end.run.device.giveWay(to: nil)
            return end
        }
    }

    private func finished() async -> (run: WorkloadRun, error: StrataError?) {
        var run = self
        let error = await run.run()
        return (run, error)
    }

    /// Opens the store, does all steps, and closes it.
    ///
    /// Errors of the device are answers like others. Where the store cannot be opened, not even at the second attempt,
    /// the remaining steps are left out.
    ///
    /// - Returns: the last error of an opening or closing.
    package mutating func run() async -> StrataError? {
        do throws(StrataError) {
            try await open()
            for step in workload.steps {
                try await perform(step)
                if afterFailure == .crash, !device.struck.isEmpty { return nil }
            }
            try await close()
            return nil
        } catch {
            store = nil
            return error
        }
    }

    private mutating func open() async throws(StrataError) {
        do {
            store = try await StrataStore.open(on: device, options: workload.options)
        } catch {
            switch afterFailure {
            case .retry: break
            case .restart: device = device.afterProcessDeath()
            case .crash: throw error
            }
            store = try await StrataStore.open(on: device, options: workload.options)
        }
    }

    private mutating func close() async throws(StrataError) {
        guard let store else { return }
        self.store = nil
        let last = try? await store.events.currentPosition()
        try await store.close()
        // A store that has stopped writing closes without promising anything.
        if device.struck.isEmpty, let last { history.noteDurable(upTo: last.rawValue, at: device.calls) }
    }

    private mutating func die() {
        store = nil
        device = device.afterProcessDeath()
    }

    private mutating func perform(_ step: Workload.Step) async throws(StrataError) {
        switch step {
        case .append(let append): try await perform([append])
        case .appendTogether(let appends): try await perform(appends)
        case .saveSnapshot(let stream, let stateBytes): await saveSnapshot(of: streams[stream], stateBytes: stateBytes)
        case .deleteSnapshot(let stream): await deleteSnapshot(of: streams[stream])
        case .truncate(let stream, let keeping): try await truncate(streams[stream], keeping: keeping)
        case .shorten(let stream): try await shorten(streams[stream])
        case .delete(let stream, let mode): try await release(.deletion(mode), of: streams[stream])
        case .compact(let options): try await compact(options)
        case .compactBeside(let steps, let options): try await compact(options, beside: steps)
        case .waitUntilDurable: await waitUntilDurable()
        case .closeAndReopen:
            try await close()
            try await open()
        case .dieAndReopen:
            die()
            try await open()
        case .jumpClock(let seconds): device.jumpClock(bySeconds: seconds)
        }
    }

    private mutating func compact(
        _ options: CompactionOptions, beside steps: [Workload.Step] = []
    ) async throws(StrataError) {
        guard let store else { return }
        let compaction = store.compact(options)
        for step in steps { try await perform(step) }
        try await wait(for: compaction)
    }

    /// Where the device is at fault, the job may fail, and nothing but the job.
    private func wait(for compaction: Compaction) async throws(StrataError) {
        do throws(StrataError) {
            _ = try await compaction.report()
        } catch {
            if device.struck.isEmpty { throw error }
        }
    }

    private mutating func perform(_ appends: [Workload.Append]) async throws(StrataError) {
        guard let store else { return }
        var submitted: [(number: Int, events: [NewEvent], stream: StreamID)] = []
        for append in appends {
            let events = (0..<append.events).map { _ in
                NewEvent.sample(payloadBytes: append.payloadBytes, using: &randomness)
            }
            let stream = streams[append.stream]
            submitted.append((history.submit(events, to: stream, at: device.calls), events, stream))
        }
        let (history, device) = (history, device)
        await withTaskGroup { group in
            for append in submitted {
                group.addTask {
                    let answer: Result<AppendResult, EventStoreError>
                    do throws(EventStoreError) {
                        answer = .success(
                            try await store.events.append(append.events, to: append.stream, expecting: .any))
                    } catch {
                        answer = .failure(error)
                    }
                    history.settle(append.number, answer, at: device.calls)
                }
            }
        }
        let appends = history.appends
        try await reopenIfStopped(
            submitted.compactMap { append in
                if case .failure(let error) = appends[append.number].answer { error } else { nil }
            })
    }

    private mutating func truncate(_ stream: StreamID, keeping count: Int) async throws(StrataError) {
        guard let store, let version = try? await store.events.version(of: stream) else { return }
        try await release(.truncation(before: max(1, version + 1 - count)), of: stream)
    }

    private mutating func shorten(_ stream: StreamID) async throws(StrataError) {
        guard let snapshot = try? await store?.snapshots.latest(for: stream) else { return }
        try await release(.truncation(before: snapshot.version), of: stream)
    }

    private mutating func release(_ release: StreamRelease, of stream: StreamID) async throws(StrataError) {
        guard let store else { return }
        let snapshot = try? await store.snapshots.latest(for: stream)
        let number = history.submit(release, of: stream, having: snapshot?.version, at: device.calls)
        do throws(EventStoreError) {
            let result =
                switch release {
                case .truncation(let version):
                    try await store.events.truncate(stream, before: version, expecting: .any)
                case .deletion(let mode): try await store.events.delete(stream, mode: mode, expecting: .any)
                }
            history.settleRelease(number, .success(result), at: device.calls)
        } catch {
            history.settleRelease(number, .failure(error), at: device.calls)
            try await reopenIfStopped([error])
        }
    }

    /// A store that does not know what became of an entry has to be opened again.
    private mutating func reopenIfStopped(_ errors: [EventStoreError]) async throws(StrataError) {
        guard errors.contains(where: { $0.code == .outcomeUnknown || $0.code == .ioFailure }) else { return }
        guard afterFailure == .restart else { return }
        reopenings += 1
        die()
        try await open()
    }

    private func waitUntilDurable() async {
        guard let store, let last = try? await store.events.currentPosition() else { return }
        guard (try? await store.events.waitUntilDurable(last)) != nil else { return }
        history.noteDurable(upTo: last.rawValue, at: device.calls)
    }

    private mutating func saveSnapshot(of stream: StreamID, stateBytes: Int) async {
        guard let store, let version = try? await store.events.version(of: stream), version > 0 else { return }
        let snapshot = Snapshot(
            stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
            state: Bytes(randomness.bytes(stateBytes)))
        let change = history.submit(snapshot, of: stream, at: device.calls)
        guard (try? await store.snapshots.save(snapshot)) != nil else { return }
        history.settleSnapshotChange(change, at: device.calls)
    }

    private func deleteSnapshot(of stream: StreamID) async {
        guard let store else { return }
        let change = history.submit(nil, of: stream, at: device.calls)
        guard (try? await store.snapshots.delete(for: stream)) != nil else { return }
        history.settleSnapshotChange(change, at: device.calls)
    }
}
