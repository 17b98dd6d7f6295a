import EventSourcing
import Strata

extension Workload {
    /// A workload that a seed determines: compactions of several segments beside whatever else callers do, which take turns
    /// in the middle of each other.
    package static func interleaved(seed: UInt64) -> Workload {
        var randomness = SeededRandomness(seed: seed)
        let mode = StrataOptions.DurabilityMode.random(using: &randomness)
        var steps = (0..<Int.random(in: 4...8, using: &randomness)).map { _ in
            Step.append(
                Append(1, of: Int.random(in: 2_000...7_500, using: &randomness), to: .random(using: &randomness)))
        }
        for _ in 0..<Int.random(in: 1...3, using: &randomness) {
            for _ in 0..<Int.random(in: 0...3, using: &randomness) { steps += Step.usual(using: &randomness) }
            var beside: [Step] = []
            for _ in 0..<Int.random(in: 2...6, using: &randomness) { beside += Step.usual(using: &randomness) }
            let options = CompactionOptions(
                compression: randomness.isOne(in: 2) ? .lz4 : .none, minReleasedShare: 0)
            steps.append(.compactBeside(beside, options))
        }
        if randomness.isOne(in: 2) { steps += [.dieAndReopen, .append(Append())] }
        return Workload("interleaved \(seed)", durability: mode, schedule: Schedule(seed: randomness.next()), steps)
    }
}

extension Workload.Step {
    /// What callers may do while a compaction runs, and otherwise.
    fileprivate static func usual(using randomness: inout SeededRandomness) -> [Workload.Step] {
        let stream = Int.random(using: &randomness)
        let save = Workload.Step.saveSnapshot(
            stream: stream, stateBytes: Int.random(in: 0...2_500, using: &randomness))
        switch Int.random(in: 0..<16, using: &randomness) {
        // Enough for a rollover every few times.
        case 0..<5:
            return [.append(.init(1, of: Int.random(in: 4_000...9_000, using: &randomness), to: stream))]
        case 5, 6: return [.append(.random(using: &randomness))]
        case 7:
            let count = Int.random(in: 2...6, using: &randomness)
            return [.appendTogether((0..<count).map { _ in .random(using: &randomness) })]
        case 8, 9: return [save]
        case 10, 11: return [save, .shorten(stream: stream)]
        case 12: return [.truncate(stream: stream, keeping: Int.random(in: 0...3, using: &randomness))]
        case 13: return [.delete(stream: stream, .soft)]
        case 14: return [.deleteSnapshot(stream: stream)]
        default: return [.waitUntilDurable]
        }
    }
}

extension Int {
    /// One of the streams that workloads append to.
    fileprivate static func random(using randomness: inout SeededRandomness) -> Int {
        random(in: 0..<4, using: &randomness)
    }
}
