import ArgumentParser
import StrataTesting

/// Simulates what can happen to a store, and says what was tried and found.
@main struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Scripts/simulate", abstract: "Tries what can happen to a store, on a simulated device.")

    @Argument(help: "What is tried: \(CampaignName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var campaign: CampaignName

    @Flag(help: "Tries everything that there is, or a very large sample of it.")
    var long = false

    @Option(help: "About so many cases, in place of the number of the short or the long form.")
    var count: Int?

    @Option(help: "Determines every random choice.")
    var seed: UInt64 = 1

    @Option(help: "Stops after so many seconds.")
    var seconds: Int?

    @Option(help: "Runs this unit alone, as a finding names it.")
    var unit: Int?

    @Option(help: "How many threads try at a time.")
    var threads = 1

    func run() async throws {
        let start = ContinuousClock.now
        let run = try await CampaignRun(
            campaign, seed: seed, long ? .long : .short, cases: count, unit: unit, seconds: seconds)
        let reporter = Reporter(name: campaign.rawValue + (long ? " --long" : ""), start: start)
        let progress = try await run.run(threads: threads) { reporter.report($0) }
        let totals = CampaignTotals(
            campaign: campaign.rawValue, seed: seed, cases: progress.tally.cases, units: progress.units,
            counts: progress.tally.counts, findings: progress.tally.findings.count,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        print(try totals.line())
        if !progress.tally.findings.isEmpty { throw ExitCode(1) }
    }
}

extension CampaignName: ExpressibleByArgument {}
