import Synchronization

/// Runs the units of a campaign, on as many threads as one likes, until there is enough.
package struct CampaignRun: Sendable {
    /// How far a run is, for whoever waits for it.
    package struct Progress: Sendable {
        package var tally: Tally
        package var units: Int
    }

    private final class Shared: Sendable {
        struct State {
            var next: Int
            var done = 0
            var tally = Tally()
        }

        let state: Mutex<State>

        init(firstUnit: Int) {
            state = Mutex(State(next: firstUnit))
        }

        var progress: Progress { state.withLock { Progress(tally: $0.tally, units: $0.done) } }
    }

    private let name: CampaignName
    private let seed: UInt64
    private let campaign: any Campaign
    /// Units behind this one are not begun any more.
    private let end: Int
    private let cases: Int
    private let deadline: ContinuousClock.Instant?
    private let mostFindings = 20
    private let firstUnit: Int

    /// - Parameters:
    ///   - cases: no unit begins once so many cases were checked.
    ///   - unit: this unit alone is run; nil for all.
    ///   - seconds: no unit begins after so long a time.
    package init(
        _ name: CampaignName, seed: UInt64, _ scale: CampaignScale = .short, cases: Int? = nil, unit: Int? = nil,
        seconds: Int? = nil
    ) async throws {
        self.name = name
        self.seed = seed
        campaign = try await SimulatedThread.run { try await name.campaign(seed: seed, scale) }
        firstUnit = unit ?? 0
        end = unit.map { $0 + 1 } ?? campaign.units ?? .max
        self.cases = cases ?? name.cases(scale) ?? .max
        deadline = seconds.map { .now + .seconds($0) }
    }

    /// Runs units until all are done, enough cases are checked, the time is over, or too much was found.
    ///
    /// - Parameters:
    ///   - threads: how many units may run at a time.
    ///   - progress: called after each unit, from any thread.
    package func run(
        threads: Int = 1, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> Progress {
        let shared = Shared(firstUnit: firstUnit)
        try await withThrowingTaskGroup { group in
            for _ in 0..<threads {
                group.addTask {
                    try await SimulatedThread.run {
                        while let unit = take(from: shared) {
                            await run(unit, shared)
                            progress(shared.progress)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        return shared.progress
    }

    private func take(from shared: Shared) -> Int? {
        if let deadline, deadline <= .now { return nil }
        return shared.state.withLock { state in
            guard state.next < end, state.tally.cases < cases, state.tally.findings.count < mostFindings
            else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    private func run(_ unit: Int, _ shared: Shared) async {
        var tally = Tally()
        do {
            tally = try await campaign.run(unit: unit)
        } catch {
            tally.findings.append(Finding(campaign: name, seed: seed, unit: unit, violation: "\(error)"))
        }
        shared.state.withLock { state in
            state.tally += tally
            state.done += 1
        }
    }
}
