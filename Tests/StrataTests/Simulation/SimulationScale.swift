import Foundation

/// How much the simulations of the test suite try, and from which seed.
enum SimulationScale {
    /// Disks that are full at some byte (`STRATA_FULL_DISKS`, at most 12,288).
    static let fullDisks = number("STRATA_FULL_DISKS") ?? 60
    /// Operations of each trial against the model (`STRATA_MODEL_OPERATIONS`).
    static let modelOperations = number("STRATA_MODEL_OPERATIONS") ?? 4_000
    /// What every random choice comes from (`STRATA_SEED`).
    static let seed = UInt64(number("STRATA_SEED") ?? 1)

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
