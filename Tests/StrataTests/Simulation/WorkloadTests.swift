import EventSourcing
import StrataTesting
import Testing

/// The simulations try what they are to try.
@Suite struct WorkloadTests {
    @Test func everyShorteningReleasesWhatASnapshotStandsInFor() async throws {
        for workload in Workload.shortenings {
            #expect(try await releasesWithSnapshot(workload) > 0, "\(workload.name)")
        }
    }

    @Test func aThirdOfTheRandomReleasesReleaseWhatASnapshotStandsInFor() async throws {
        var count = 0
        for seed in UInt64(1)...60 {
            if try await releasesWithSnapshot(.randomWithReleases(seed: seed)) > 0 { count += 1 }
        }
        #expect(count >= 20)
    }

    /// How many truncations a workload makes of streams with a snapshot of what is left.
    private func releasesWithSnapshot(_ workload: Workload) async throws -> Int {
        try await SimulatedThread.run {
            let (run, error) = try await WorkloadRun.finished(workload, on: SimulatedDevice(seed: 1), seed: 1)
            if let error { throw error }
            return run.history.releases.count { made in
                guard case .truncation(before: let version) = made.release else { return false }
                return version > 1 && made.snapshot ?? 0 >= version
            }
        }
    }
}
