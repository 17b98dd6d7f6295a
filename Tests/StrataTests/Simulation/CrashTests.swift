import StrataTesting
import Testing

/// Whatever a crash leaves, everything acknowledged is there again, and nothing else but whole appends.
@Suite(.serialized) struct CrashTests {
    @Test func everyCrashLeavesAllThatWasAcknowledged() async throws {
        let budget = SimulationScale.crashImages
        var counts = CrashTrial.Counts()
        var workloads = 0
        for (workload, seed) in WorkloadSequence() {
            guard workloads < Workload.catalogue.count || counts.losses + counts.deaths < budget else { break }
            var trial = try await CrashTrial(workload, seed: seed)
            await recordingIssues { try await trial.checkCrashes(budget: budget / Workload.catalogue.count) }
            counts += trial.counts
            workloads += 1
        }
        print(
            "crash images: \(counts.losses) losses of power and \(counts.deaths) deaths behind \(counts.moments) calls of",
            "\(workloads) workloads, seed \(SimulationScale.seed)")
    }

    @Test func everyCrashInsideARecoveryLeavesAllThatWasAcknowledged() async throws {
        var counts = CrashTrial.Counts()
        var workloads = 0
        for (workload, seed) in WorkloadSequence() {
            guard counts.secondCrashes < SimulationScale.secondCrashes else { break }
            var trial = try await CrashTrial(workload, seed: seed)
            await recordingIssues { try await trial.checkSecondCrashes(stride: 20, limit: 3) }
            counts += trial.counts
            workloads += 1
        }
        print("second crashes: \(counts.secondCrashes) images of \(workloads) workloads, seed \(SimulationScale.seed)")
    }
}

/// Goes on with the next case where one has failed.
func recordingIssues(_ body: () async throws -> Void) async {
    do { try await body() } catch { Issue.record(error) }
}

/// The catalogue's workloads, and then random ones without end.
struct WorkloadSequence: Sequence, IteratorProtocol {
    private var index = 0

    mutating func next() -> (workload: Workload, seed: UInt64)? {
        defer { index += 1 }
        let seed = SimulationScale.seed &+ UInt64(index)
        let catalogue = Workload.catalogue
        return (index < catalogue.count ? catalogue[index] : .random(seed: seed &+ 1_000), seed)
    }
}
