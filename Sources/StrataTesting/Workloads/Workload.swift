package import EventSourcing
package import Strata

/// What callers do to a store, one step after the other.
package struct Workload: Sendable {
    package struct Append: Hashable, Sendable {
        /// Which of the workload's streams.
        package var stream: Int
        package var events: Int
        /// Of each event.
        package var payloadBytes: Int

        package init(_ events: Int = 1, of payloadBytes: Int = 200, to stream: Int = 0) {
            self.stream = stream
            self.events = events
            self.payloadBytes = payloadBytes
        }
    }

    package indirect enum Step: Hashable, Sendable {
        /// Appends, and waits for the answer.
        case append(Append)
        /// Appends all at once, so that they may share a sync, and waits for all answers.
        case appendTogether([Append])
        /// Saves a snapshot of a stream's current version.
        case saveSnapshot(stream: Int, stateBytes: Int)
        case deleteSnapshot(stream: Int)
        /// Releases all events of a stream but its last ones.
        case truncate(stream: Int, keeping: Int)
        /// Releases the events that a stream's snapshot stands in for, if it has one.
        case shorten(stream: Int)
        case delete(stream: Int, DeletionMode)
        /// Compacts, and waits for the end of it.
        case compact(CompactionOptions)
        /// Compacts, while callers do other things one after the other; none of them closes the store.
        case compactBeside([Step], CompactionOptions = CompactionOptions())
        case waitUntilDurable
        case closeAndReopen
        /// The process dies, and another one opens the store.
        case dieAndReopen
        case jumpClock(seconds: Int64)
    }

    package let name: String
    package let options: StrataOptions
    package let steps: [Step]
    /// Determines how what happens at a time takes turns; nil where each job is done to its end.
    package let schedule: Schedule?

    package init(
        _ name: String, durability: StrataOptions.DurabilityMode = .commit, segmentBytes: Int = 16 << 10,
        schedule: Schedule? = nil, _ steps: [Step]
    ) {
        self.name = name
        self.steps = steps
        self.schedule = schedule
        // Small segments, so that short workloads fill some. Marks when idle would come at a time that no seed determines.
        options = StrataOptions(
            durability: durability, segmentBytes: segmentBytes, preallocatedBytes: 5_000, idleMarkDelay: nil)
    }
}

extension Workload {
    /// A workload that a seed determines.
    package static func random(seed: UInt64) -> Workload {
        var randomness = SeededRandomness(seed: seed)
        let mode = StrataOptions.DurabilityMode.random(using: &randomness)
        let steps = (0..<Int.random(in: 4...14, using: &randomness)).map { _ in Step.random(using: &randomness) }
        return Workload("random \(seed)", durability: mode, steps)
    }
}

extension Workload {
    /// A workload that a seed determines, with releases among its steps.
    package static func randomWithReleases(seed: UInt64) -> Workload {
        let plain = random(seed: seed)
        var randomness = SeededRandomness(seed: ~seed)
        var steps: [Step] = []
        for step in plain.steps {
            steps.append(step)
            let stream = Int.random(in: 0..<4, using: &randomness)
            switch Int.random(in: 0..<12, using: &randomness) {
            case 0..<2:
                steps.append(.truncate(stream: stream, keeping: Int.random(in: 0...3, using: &randomness)))
            case 2..<6: steps += shortening(stream, using: &randomness)
            case 6: steps.append(.delete(stream: stream, .soft))
            // Streams 0 to 2 live on.
            case 7: steps.append(.delete(stream: 3, .tombstone))
            case 8, 9: steps.append(.compact(CompactionOptions(compression: randomness.isOne(in: 2) ? .lz4 : .none)))
            default: break
            }
        }
        return Workload("releases \(seed)", durability: plain.options.durability, steps)
    }

    /// A stream gets a snapshot, and gives up what that stands in for; then it goes on, perhaps while a compaction runs.
    private static func shortening(_ stream: Int, using randomness: inout SeededRandomness) -> [Step] {
        let append = Append(1, of: Int.random(in: 0...400, using: &randomness), to: stream)
        let stateBytes = Int.random(in: 0...600, using: &randomness)
        let save = Step.saveSnapshot(stream: stream, stateBytes: stateBytes)
        let shortening: [Step] = [.append(append), save, .shorten(stream: stream)]
        return switch Int.random(in: 0..<3, using: &randomness) {
        case 0: shortening
        case 1: shortening + [.append(append), save]
        default: shortening + [.compactBeside([.append(append), save, .append(append), save])]
        }
    }
}

extension Workload.Step {
    fileprivate static func random(using randomness: inout SeededRandomness) -> Workload.Step {
        let stream = Int.random(in: 0..<4, using: &randomness)
        switch Int.random(in: 0..<20, using: &randomness) {
        case 0..<10: return .append(.random(using: &randomness))
        case 10..<13:
            let count = Int.random(in: 2...12, using: &randomness)
            return .appendTogether((0..<count).map { _ in .random(using: &randomness) })
        case 13..<15: return .saveSnapshot(stream: stream, stateBytes: Int.random(in: 0...2_500, using: &randomness))
        case 15: return .deleteSnapshot(stream: stream)
        case 16: return .closeAndReopen
        case 17: return .dieAndReopen
        case 18: return .waitUntilDurable
        default: return .jumpClock(seconds: randomness.isOne(in: 2) ? .tenYears : -.tenYears)
        }
    }
}

extension StrataOptions.DurabilityMode {
    /// Often the safest.
    static func random(using randomness: inout SeededRandomness) -> Self {
        let modes: [Self] = [.commit, .commit, .commit, .none, .interval(.seconds(3_600))]
        return modes[Int.random(in: 0..<modes.count, using: &randomness)]
    }
}

extension Workload.Append {
    static func random(using randomness: inout SeededRandomness) -> Workload.Append {
        let stream = Int.random(in: 0..<4, using: &randomness)
        switch Int.random(in: 0..<10, using: &randomness) {
        case 0..<5: return Workload.Append(1, of: Int.random(in: 0...400, using: &randomness), to: stream)
        case 5: return Workload.Append(Int.random(in: 2...30, using: &randomness), of: 50, to: stream)
        case 6..<9: return Workload.Append(1, of: Int.random(in: 2_000...7_500, using: &randomness), to: stream)
        default: return Workload.Append(3, of: Int.random(in: 2_500...10_000, using: &randomness), to: stream)
        }
    }
}
