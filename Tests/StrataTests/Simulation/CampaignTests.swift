import StrataTesting
import Testing

/// Whatever can happen to a store, all that callers were told stays true. A small sample of each campaign;
/// `Scripts/simulate` runs them for as long as one likes, and replays what was found.
@Suite(.serialized) struct CampaignTests {
    @Test(arguments: [
        (CampaignName.crashes, 1_000), (.secondCrashes, 300), (.bitRot, 400), (.exchanges, 200), (.deviceErrors, 200),
        (.shortWrites, 60), (.failedSyncs, 150), (.lies, 100), (.clean, 60), (.lives, 1),
    ])
    func nothingIsFound(by name: CampaignName, among cases: Int) async throws {
        let run = try await CampaignRun(name, seed: SimulationScale.seed, cases: cases)
        let tally = try await run.run().tally
        for finding in tally.findings { Issue.record("\(name), seed \(finding.seed), unit \(finding.unit): \(finding)") }
        print("\(name.rawValue): \(tally.cases) cases, seed \(SimulationScale.seed), \(tally.counts)")
    }
}
