/// Workloads that go over every call that a store makes of its device, with 1, 8 and 64 appends waiting.
struct FaultTrials: Sendable {
    private static let workloads =
        Array(Workload.catalogue.prefix(13)) + Workload.compactions + Workload.shortenings
        + [1, 8, 64].map { waiting in
            Workload(
                "\(waiting) waiting",
                [
                    .append(.init()), .appendTogether((0..<waiting).map { .init(1, of: 500, to: $0 % 10) }),
                    .append(.init(1, of: 7_500)), .append(.init(1, of: 7_500)), .append(.init()),
                ])
        }

    let trials: [FaultTrial]

    init(seed: UInt64) async throws {
        var trials: [FaultTrial] = []
        for (index, workload) in Self.workloads.enumerated() {
            trials.append(try await FaultTrial(workload, seed: seed &+ UInt64(index)))
        }
        self.trials = trials
    }

    /// Everything that can go wrong in any of the workloads, in an order that a seed determines.
    func cases<Case>(seed: UInt64, _ cases: (FaultTrial) -> [Case]) -> [(trial: Int, case: Case)] {
        var randomness = SeededRandomness(seed: seed)
        return trials.enumerated()
            .flatMap { index, trial in cases(trial).map { (trial: index, case: $0) } }
            .shuffled(using: &randomness)
    }
}

/// One fault of the device a unit.
struct FaultCampaign: Campaign {
    enum Kind {
        case errors
        case shortWrites
    }

    private let trials: FaultTrials
    private let faults: [(trial: Int, case: DeviceFault)]

    init(_ kind: Kind, seed: UInt64) async throws {
        trials = try await FaultTrials(seed: seed)
        faults = trials.cases(seed: seed) { trial in
            switch kind {
            case .errors: trial.errors
            case .shortWrites: trial.shortWrites
            }
        }
    }

    var units: Int? { faults.count }

    func run(unit: Int) async throws -> Tally {
        let (trial, fault) = faults[unit]
        var tally = Tally()
        tally.cases = 1
        tally.count("images", try await trials.trials[trial].check(fault))
        return tally
    }
}

/// One failed sync a unit, with one thing that callers do then.
struct FailedSyncCampaign: Campaign {
    private let trials: FaultTrials
    private let cases: [(trial: Int, case: (fault: DeviceFault, afterFailure: WorkloadRun.AfterFailure))]

    init(seed: UInt64) async throws {
        trials = try await FaultTrials(seed: seed)
        cases = trials.cases(seed: seed) { trial in
            trial.failedSyncs.flatMap { fault in
                WorkloadRun.AfterFailure.allCases.map { (fault: fault, afterFailure: $0) }
            }
        }
    }

    var units: Int? { cases.count }

    func run(unit: Int) async throws -> Tally {
        let (trial, (fault, afterFailure)) = cases[unit]
        var tally = Tally()
        tally.cases = 1
        if fault.effect == .failedSync(.reportedLate) {
            // Until the late report, the device lies: what it loses then is damage, or the log's end.
            for finding in try await trials.trials[trial].checkLie(fault, afterFailure: afterFailure) {
                tally.count("\(finding)")
            }
        } else {
            tally.count(
                "images", try await trials.trials[trial].check(fault, afterFailure: afterFailure, losses: 4))
        }
        return tally
    }
}

/// One write a unit that the device takes, and loses, misdirects or mistakes.
struct LieCampaign: Campaign {
    private let trials: FaultTrials
    private let lies: [(trial: Int, case: DeviceFault)]

    init(seed: UInt64) async throws {
        trials = try await FaultTrials(seed: seed)
        lies = trials.cases(seed: seed, \.strayWrites)
    }

    var units: Int? { lies.count }

    func run(unit: Int) async throws -> Tally {
        let (trial, lie) = lies[unit]
        var tally = Tally()
        tally.cases = 1
        for finding in try await trials.trials[trial].checkLie(lie) { tally.count("\(finding)") }
        return tally
    }
}
