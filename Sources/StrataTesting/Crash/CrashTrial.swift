import Strata

/// Does a workload once, and checks what a crash would have left behind each call of the device.
package struct CrashTrial {
    /// All subsets of ten operations.
    private static let mostLosses = 1_024

    private let workload: Workload
    private let seed: UInt64
    private let history: History
    private let images: [SimulatedDevice.Image]
    /// What was checked.
    package private(set) var tally = Tally()

    /// Does the workload.
    ///
    /// - Throws: ``Violation`` where it fails without any fault.
    package init(_ workload: Workload, seed: UInt64) async throws {
        self.workload = workload
        self.seed = seed
        let device = SimulatedDevice(seed: seed)
        device.keepImages()
        let (run, error) = try await WorkloadRun.finished(workload, on: device, seed: seed)
        history = run.history
        images = run.device.images
        if let error { throw violation("without any fault", error) }
    }

    /// Checks crashes behind every call.
    ///
    /// - Parameter budget: about so many images. Where there are more calls, a crash comes behind some of them only; where
    ///   there are fewer, each of them has all losses of power that there are, or a sample.
    package mutating func checkCrashes(budget: Int) async throws {
        var randomness = SeededRandomness(seed: seed)
        // Two images a call is the least: everything unsynced is lost, or everything is kept.
        let chosen = images.indices.shuffled(using: &randomness).prefix(max(1, budget / 2)).sorted()
        let limit = min(Self.mostLosses, max(2, budget / max(1, chosen.count)))
        for index in chosen { try await checkCrashes(behind: index, limit: limit, using: &randomness) }
    }

    /// Checks all crashes behind every call: every subset of the unsynced operations where there are ten or fewer of
    /// them, and a sample above.
    ///
    /// - Parameter samples: so many more losses of power behind each call, with torn and reordered writes.
    package mutating func checkAllCrashes(samples: Int) async throws {
        var randomness = SeededRandomness(seed: seed)
        for index in images.indices {
            let count = images[index].storage.unsynced.count
            let limit = min(Self.mostLosses, 1 << min(count, 10)) + samples
            try await checkCrashes(behind: index, limit: limit, using: &randomness)
        }
    }

    private mutating func checkCrashes(
        behind index: Int, limit: Int, using randomness: inout SeededRandomness
    ) async throws {
        let storage = images[index].storage
        for loss in storage.lossesOfPower(limit: limit, using: &randomness) {
            try await check(storage.after(loss), index, after: .lossOfPower, "\(loss)")
            tally.count("losses of power")
        }
        // Where nothing is unsynced, a death is a loss of power.
        if !storage.unsynced.isEmpty {
            try await check(storage.afterProcessDeath, index, after: .processDeath, "death")
            tally.count("deaths")
        }
        tally.count("calls")
    }

    /// Checks the store as the workload left it when it closed it.
    package mutating func checkClosed() async throws {
        guard let last = images.last else { return }
        let isQuiet = try StrataStore.verify(on: SimulatedDevice(last.storage)).tornTail == nil
        try require(isQuiet, "workload '\(workload.name)', seed \(seed): a store that was closed has a torn tail")
        try await check(last.storage, images.count - 1, after: .processDeath, "closed")
    }

    /// Checks crashes behind every call of recoveries from crashes.
    ///
    /// - Parameters:
    ///   - stride: only every so many calls of the workload have a first crash.
    ///   - limit: at most so many losses of power behind each call of a recovery.
    package mutating func checkSecondCrashes(stride: Int, limit: Int) async throws {
        var randomness = SeededRandomness(seed: seed)
        for index in Swift.stride(from: Int(seed % UInt64(stride)), to: images.count, by: stride) {
            let storage = images[index].storage
            let losses = storage.lossesOfPower(limit: 8, using: &randomness)
            let first = storage.after(losses[Int.random(in: 0..<losses.count, using: &randomness)])
            for first in [first, storage.afterProcessDeath] {
                try await checkSecondCrashes(after: first, index, limit: limit, &randomness)
            }
        }
    }

    private mutating func checkSecondCrashes(
        after first: SimulatedStorage, _ index: Int, limit: Int, _ randomness: inout SeededRandomness
    ) async throws {
        let device = SimulatedDevice(first, seed: seed &+ 1)
        device.keepImages()
        do {
            try await StrataStore.open(on: device, options: workload.options).close()
        } catch {
            throw violation("recovering behind \(images[index].call)", error)
        }
        for second in device.images {
            tally.count("calls of recoveries")
            for loss in second.storage.lossesOfPower(limit: limit, using: &randomness) {
                try await check(
                    second.storage.after(loss), index, after: .lossOfPower,
                    "second crash behind \(second.call): \(loss)")
            }
        }
    }

    private mutating func check(
        _ storage: SimulatedStorage, _ index: Int, after end: History.End, _ crash: @autoclosure () -> String
    ) async throws {
        tally.cases += 1
        // Until the next call, callers may still be told what the device has done already.
        let call = index + 1 < images.count ? images[index + 1].call.number - 1 : .max
        let expectation = history.expectation(at: call, after: end)
        do {
            try await RecoveryCheck(storage, expectation, options: workload.options, seed: seed &+ 2).run()
        } catch {
            throw violation("behind \(images[index].call): \(crash())", error)
        }
    }

    private func violation(_ place: String, _ error: any Error) -> Violation {
        Violation("workload '\(workload.name)', seed \(seed), \(place): \(error)")
    }
}
