import StrataTesting
import Testing

/// Runs a small sample of a campaign. `Scripts/simulate` runs it for as long as one likes, and replays what is found.
func expectNoFindings(_ campaign: CampaignName, cases: Int) async throws {
    let run = try await CampaignRun(campaign, seed: SimulationScale.seed, cases: cases)
    let tally = try await run.run().tally
    for finding in tally.findings {
        Issue.record("\(campaign.rawValue), seed \(finding.seed), unit \(finding.unit): \(finding.violation)")
    }
    print("\(campaign.rawValue): \(tally.cases) cases, seed \(SimulationScale.seed), \(tally.counts)")
}
