import Foundation
import StrataTesting

/// How much the simulations try: little by default, and as much as the environment says.
enum SimulationScale {
    /// Crash images over all workloads (`STRATA_CRASH_IMAGES`).
    static let crashImages = number("STRATA_CRASH_IMAGES") ?? 2_000
    /// Images of second crashes, inside recoveries (`STRATA_SECOND_CRASHES`).
    static let secondCrashes = number("STRATA_SECOND_CRASHES") ?? 600
    /// Faults of the device (`STRATA_FAULTS`).
    static let faults = number("STRATA_FAULTS") ?? 400
    /// Changes of bytes at rest (`STRATA_BIT_ROT`).
    static let bitRot = number("STRATA_BIT_ROT") ?? 800
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
