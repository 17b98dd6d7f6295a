/// Crashes behind the calls of one workload a unit: the catalogue's first, and then random ones without end.
struct CrashCampaign: Campaign {
    private let seed: UInt64
    private let scale: CampaignScale

    init(seed: UInt64, _ scale: CampaignScale) {
        self.seed = seed
        self.scale = scale
    }

    func run(unit: Int) async throws -> Tally {
        var trial = try await CrashTrial(.numbered(unit, seed: seed), seed: seed &+ UInt64(unit))
        switch scale {
        case .short: try await trial.checkCrashes(budget: 250)
        case .long: try await trial.checkAllCrashes(samples: 48)
        }
        return trial.tally
    }
}

/// Crashes inside recoveries from crashes of one workload a unit.
struct SecondCrashCampaign: Campaign {
    private let seed: UInt64
    private let scale: CampaignScale

    init(seed: UInt64, _ scale: CampaignScale) {
        self.seed = seed
        self.scale = scale
    }

    func run(unit: Int) async throws -> Tally {
        var trial = try await CrashTrial(.numbered(unit, seed: seed), seed: seed &+ UInt64(unit))
        switch scale {
        case .short: try await trial.checkSecondCrashes(stride: 40, limit: 1)
        case .long: try await trial.checkSecondCrashes(stride: 5, limit: 6)
        }
        return trial.tally
    }
}

/// Stores that nothing happened to: whatever is found there is a false alarm.
struct CleanCampaign: Campaign {
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    func run(unit: Int) async throws -> Tally {
        var trial = try await CrashTrial(.numbered(unit, seed: seed), seed: seed &+ UInt64(unit))
        try await trial.checkClosed()
        return trial.tally
    }
}

extension Workload {
    /// The catalogue's workloads, and then random ones without end.
    static func numbered(_ number: Int, seed: UInt64) -> Workload {
        guard number >= catalogue.count else { return catalogue[number] }
        let seed = seed &+ UInt64(number) &+ 1_000
        return number.isMultiple(of: 2) ? .randomWithReleases(seed: seed) : .random(seed: seed)
    }
}
