/// One workload a unit in which a compaction and callers take turns at calls of the device: with crashes, with syncs that
/// fail, and with other errors.
struct InterleavingCampaign: Campaign {
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    func run(unit: Int) async throws -> Tally {
        let seed = seed &+ UInt64(unit)
        let workload = Workload.interleaved(seed: seed)
        var crashes = try await CrashTrial(workload, seed: seed)
        try await crashes.checkCrashes(budget: 20)
        var tally = crashes.tally
        let trial = try await FaultTrial(workload, seed: seed)
        var randomness = SeededRandomness(seed: seed)
        let (ofNames, others) = trial.failedSyncsThatAreReported
        // What jobs share is above all the names that they make.
        let syncs = ofNames.shuffled(using: &randomness).prefix(12) + others.shuffled(using: &randomness).prefix(4)
        for fault in syncs {
            let afterFailure = WorkloadRun.AfterFailure.allCases.randomElement(using: &randomness) ?? .restart
            tally.cases += 1
            tally.count("failed syncs")
            tally.count("images", try await trial.check(fault, afterFailure: afterFailure))
        }
        for fault in trial.errors.shuffled(using: &randomness).prefix(4) {
            tally.cases += 1
            tally.count("errors")
            tally.count("images", try await trial.check(fault))
        }
        return tally
    }
}
