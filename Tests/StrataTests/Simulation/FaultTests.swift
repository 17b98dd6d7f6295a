import StrataTesting
import Testing

/// Whatever call of the device fails, callers are told the truth, and opening again is right.
@Suite(.serialized) struct FaultTests {
    private static let workloads =
        Array(Workload.catalogue.prefix(12)) + Workload.compactions
        + [1, 8, 64].map { waiting in
            Workload(
                "\(waiting) waiting",
                [
                    .append(.init()), .appendTogether((0..<waiting).map { .init(1, of: 500, to: $0 % 10) }),
                    .append(.init(1, of: 30_000)), .append(.init(1, of: 30_000)), .append(.init()),
                ])
        }

    @Test func everyErrorOfTheDeviceLeavesAStoreThatIsRight() async throws {
        try await check("device errors", budget: SimulationScale.faults) { $0.errors }
    }

    @Test func shortWritesGoUnnoticed() async throws {
        try await check("short writes", budget: SimulationScale.faults / 4) { $0.shortWrites }
    }

    @Test func aSyncThatFailsIsNeverBelieved() async throws {
        try await check("failed syncs", budget: SimulationScale.faults / 3) { trial in
            trial.failedSyncs.filter { $0.effect != .failedSync(.reportedLate) }
        }
    }

    @Test func aDeviceThatLiesIsFoundOutOrHarmsOnlyTheEnd() async throws {
        var findings: [DamageCheck.Finding: Int] = [:]
        let budget = SimulationScale.faults / 2
        var randomness = SeededRandomness(seed: SimulationScale.seed)
        for (index, workload) in Self.workloads.enumerated() {
            let trial = try await FaultTrial(workload, seed: SimulationScale.seed &+ UInt64(index))
            let lies = trial.strayWrites + trial.failedSyncs.filter { $0.effect == .failedSync(.reportedLate) }
            for lie in lies.shuffled(using: &randomness).prefix(max(1, budget / Self.workloads.count)) {
                await recordingIssues {
                    for finding in try await trial.checkLie(lie) { findings[finding, default: 0] += 1 }
                }
            }
        }
        print(
            "lies of the device: seed \(SimulationScale.seed):",
            findings.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", "))
    }

    /// Checks a sample of faults, the same number for each workload.
    private func check(
        _ what: String, budget: Int, _ faults: (FaultTrial) -> [DeviceFault]
    ) async throws {
        var randomness = SeededRandomness(seed: SimulationScale.seed)
        var count = 0
        var images = 0
        for (index, workload) in Self.workloads.enumerated() {
            let trial = try await FaultTrial(workload, seed: SimulationScale.seed &+ UInt64(index))
            for fault in faults(trial).shuffled(using: &randomness).prefix(max(1, budget / Self.workloads.count)) {
                count += 1
                await recordingIssues { images += try await trial.check(fault) }
            }
        }
        print("\(what): \(count) in \(Self.workloads.count) workloads, \(images) images, seed \(SimulationScale.seed)")
    }
}
