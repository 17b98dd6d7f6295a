import EventSourcing
import Glibc
import Strata

/// Does a workload over and over, each time with another fault of the device, and checks what comes of it.
package struct FaultTrial {
    private let workload: Workload
    private let seed: UInt64
    private let log: [DeviceCall]

    /// Does the workload once without any fault, to learn which calls it makes.
    package init(_ workload: Workload, seed: UInt64) async throws {
        self.workload = workload
        self.seed = seed
        let device = SimulatedDevice(seed: seed)
        device.keepCalls()
        let (run, error) = try await WorkloadRun.finished(workload, on: device, seed: seed)
        if let error { throw Violation("workload '\(workload.name)' without any fault: \(error)") }
        log = run.device.log
    }

    /// Every error that any of the calls may meet, once and from then on.
    package var errors: [DeviceFault] {
        let numbers = [EIO, ENOSPC, EDQUOT, EINTR, EMFILE, EROFS, EFBIG]
        return log.flatMap { call in
            let effects = numbers.map { DeviceFault.Effect.error($0) } + [.errorAfterTheFact(EIO)]
            return effects.flatMap { effect in
                // A call that is interrupted for ever never ends.
                (effect == .error(EINTR) ? [false] : [false, true])
                    .map { DeviceFault(atCall: call.number, effect, isPersistent: $0) }
                    .filter { $0.applies(to: call.operation) }
            }
        }
    }

    /// Every short write of up to 256 bytes that any of the calls may be.
    package var shortWrites: [DeviceFault] {
        log.filter { $0.operation == .write }.flatMap { call in
            (1..<min(257, max(2, call.length))).map { DeviceFault(atCall: call.number, .shortWrite($0)) }
        } + [16, 100, 255].map { DeviceFault(atCall: 1, .shortWrite($0), isPersistent: true) }
    }

    /// Every sync that may fail, with everything that may become of what it did not write.
    package var failedSyncs: [DeviceFault] {
        log.filter(\.operation.isSync).flatMap { Self.failures(of: $0, DeviceFault.FailedSync.allCases) }
    }

    /// Syncs of names and of others that fail, and say so at once.
    var failedSyncsThatAreReported: (ofNames: [DeviceFault], others: [DeviceFault]) {
        let syncs = log.filter(\.operation.isSync)
        let names = syncs.filter { $0.operation == .syncDirectory }
        let others = syncs.filter { $0.operation != .syncDirectory }
        let models: [DeviceFault.FailedSync] = [.keptInCache, .reverted, .goneWithLastReference]
        return (names.flatMap { Self.failures(of: $0, models) }, others.flatMap { Self.failures(of: $0, models) })
    }

    private static func failures(of call: DeviceCall, _ models: [DeviceFault.FailedSync]) -> [DeviceFault] {
        models.map { DeviceFault(atCall: call.number, .failedSync($0)) }
    }

    /// Every write that may be lost, arrive elsewhere, or arrive with other bytes.
    package var strayWrites: [DeviceFault] {
        let effects: [DeviceFault.Effect] = [
            .lostWrite, .staleWrite, .misdirectedWrite(by: 512), .misdirectedWrite(by: -512), .misdirectedWrite(by: 8),
        ]
        return log.filter { $0.operation == .write }.flatMap { call in
            effects.map { DeviceFault(atCall: call.number, $0) }
        }
    }

    /// Does the workload with a fault, and checks what is left when the process dies or the power goes at its end.
    ///
    /// - Parameters:
    ///   - afterFailure: what callers do when the device has failed them.
    ///   - losses: at most so many losses of power.
    /// - Returns: how many images were checked.
    package func check(
        _ fault: DeviceFault, afterFailure: WorkloadRun.AfterFailure = .restart, losses: Int = 3
    ) async throws -> Int {
        let device = SimulatedDevice(seed: seed)
        device.inject([fault])
        let (run, error) = try await WorkloadRun.finished(
            workload, on: device, seed: seed, afterFailure: afterFailure)
        do {
            if fault.isInvisible { try checkInvisibility(of: run, error) }
            if fault.isFullDisk { try checkFullDisk(of: run, fault) }
            return try await checkRemains(of: run, fault, losses: losses)
        } catch {
            let struck = run.device.struck.first.map { "\($0)" } ?? "no call"
            throw Violation(
                "workload '\(workload.name)', seed \(seed), \(fault), then \(afterFailure.rawValue), which struck "
                    + "\(struck): \(error)")
        }
    }

    /// Does the workload on a device that loses writes, misdirects them, or tells too late, and checks that nobody is
    /// told anything wrong then: what is missing is reported, or the log ends before it.
    ///
    /// - Returns: what was found, after a loss of power that takes nothing more, and after one that takes all it can.
    package func checkLie(
        _ fault: DeviceFault, afterFailure: WorkloadRun.AfterFailure = .restart
    ) async throws -> [DamageCheck.Finding] {
        let device = SimulatedDevice(seed: seed)
        device.inject([fault])
        let (run, _) = try await WorkloadRun.finished(workload, on: device, seed: seed, afterFailure: afterFailure)
        run.device.clearFaults()
        let storage = run.device.afterProcessDeath().storage
        let kept = LossOfPower(Array(repeating: .kept, count: storage.unsynced.count))
        let expectation = run.history.expectation(after: .lossOfPower)
        let strikesSnapshots = run.device.struck.contains { $0.name.hasPrefix("snapshots") }
        var findings: [DamageCheck.Finding] = []
        for image in [storage.after(kept), storage.afterTotalLoss] {
            do {
                let check = DamageCheck(
                    image, expectation, options: workload.options, mayLoseSnapshots: strikesSnapshots)
                findings.append(try await check.run())
            } catch {
                let struck = run.device.struck.first.map { "\($0)" } ?? "no call"
                throw Violation("workload '\(workload.name)', seed \(seed), \(fault), which struck \(struck): \(error)")
            }
        }
        return findings
    }

    private func checkRemains(of run: WorkloadRun, _ fault: DeviceFault, losses limit: Int) async throws -> Int {
        run.device.clearFaults()
        let storage = run.device.afterProcessDeath().storage
        // What was acknowledged without a sync goes with the pages that a sync could not write.
        let end: History.End = if case .failedSync = fault.effect { .lossOfPower } else { .processDeath }
        let killed = run.history.expectation(after: end)
        try await RecoveryCheck(storage, killed, options: workload.options, seed: seed &+ 1).run()
        var randomness = SeededRandomness(seed: seed)
        let losses = storage.lossesOfPower(limit: limit, using: &randomness)
        let expectation = run.history.expectation(after: .lossOfPower)
        for loss in losses {
            try await RecoveryCheck(storage.after(loss), expectation, options: workload.options, seed: seed &+ 2).run()
        }
        return losses.count + 1
    }

    private func checkInvisibility(of run: WorkloadRun, _ error: StrataError?) throws {
        if let error { throw Violation("it shows: \(error)") }
        for append in run.history.appends {
            guard case .success = append.answer else { throw Violation("an append does not succeed") }
        }
    }

    /// Whoever meets a full disk is told so, and nobody else is told anything.
    private func checkFullDisk(of run: WorkloadRun, _ fault: DeviceFault) throws {
        let struck = run.device.struck.first
        // Where replacing the manifest fails, which one is there is not known.
        guard struck?.operation != .rename, !fault.isPersistent else { return }
        var failures = 0
        for append in run.history.appends {
            guard case .failure(let error) = append.answer else { continue }
            failures += 1
            try require(error.code == .storageFull, "an append on a full disk fails with \(error)")
        }
        let last = run.history.appends.last
        guard failures > 0, failures < run.history.appends.count, let last, case .failure(let error) = last.answer
        else { return }
        try require(
            struck?.number ?? 0 >= last.submitted, "appends go on failing once there is room again: \(error)")
    }
}

extension DeviceFault {
    /// Whether callers are not to notice anything.
    fileprivate var isInvisible: Bool {
        switch effect {
        case .error(let number): number == EINTR
        case .shortWrite: true
        default: false
        }
    }

    fileprivate var isFullDisk: Bool {
        [.error(ENOSPC), .error(EDQUOT), .error(EFBIG)].contains(effect)
    }
}
