import Foundation
import StrataTesting

/// How much the simulations try: little by default, and as much as the environment says.
enum SimulationScale {
    /// Crash images over all workloads (`STRATA_CRASH_IMAGES`).
    static let crashImages = number("STRATA_CRASH_IMAGES") ?? 3_000
    /// Images of second crashes, inside recoveries (`STRATA_SECOND_CRASHES`).
    static let secondCrashes = number("STRATA_SECOND_CRASHES") ?? 1_000
    /// Faults of the device (`STRATA_FAULTS`).
    static let faults = number("STRATA_FAULTS") ?? 1_000
    /// What every random choice comes from (`STRATA_SEED`).
    static let seed = UInt64(number("STRATA_SEED") ?? 1)

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
