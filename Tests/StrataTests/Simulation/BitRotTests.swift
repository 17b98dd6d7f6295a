import Strata
import StrataTesting
import Testing

/// Whatever happens to the bytes of a store at rest is found, or harms nothing.
@Suite(.serialized) struct BitRotTests {
    /// Three segments of events and two of snapshots, 110 KiB in all; closed, and left alone.
    private static let workload = Workload(
        "at rest",
        [
            .append(.init(3, of: 100)), .append(.init(1, of: 900, to: 1)), .append(.init()),
            .saveSnapshot(stream: 0, stateBytes: 300), .append(.init(1, of: 62_000, to: 1)), .append(.init(2, of: 500)),
            .saveSnapshot(stream: 1, stateBytes: 40_000), .saveSnapshot(stream: 0, stateBytes: 500),
            .deleteSnapshot(stream: 0), .append(.init(1, of: 300, to: 2)),
        ])

    @Test func everyChangeOfAByteIsFoundOrHarmless() async throws {
        let device = SimulatedDevice(seed: SimulationScale.seed)
        var run = WorkloadRun(Self.workload, on: device, seed: SimulationScale.seed)
        if let error = await run.run() { throw error }
        var intact = run.device.storage
        intact.makeAllDurable()
        let expectation = run.history.expectation(after: .processDeath)

        var randomness = SeededRandomness(seed: SimulationScale.seed)
        var cases = intact.contents.filter { $0.key != "LOCK" }.sorted { $0.key < $1.key }
            .flatMap { name, bytes in BitRot.all(length: bytes.count).map { (name: name, rot: $0) } }
        let total = cases.count
        if SimulationScale.bitRot < total {
            cases = Array(cases.shuffled(using: &randomness).prefix(SimulationScale.bitRot))
        }
        var findings: [DamageCheck.Finding: Int] = [:]
        for (name, rot) in cases {
            var storage = intact
            guard var bytes = storage[file: name], rot.strike(&bytes) else { continue }
            // Whoever edits a file leaves a trace, and a medium leaves none.
            if randomness.isOne(in: 2) { storage[file: name] = bytes } else { storage.decay(name, to: bytes) }
            await recordingIssues {
                do {
                    let finding = try await DamageCheck(
                        storage, expectation, options: Self.workload.options,
                        mayLoseDeletions: name.hasPrefix("snapshots/") && rot.reachesBeyondOneFrame
                    ).run()
                    findings[finding, default: 0] += 1
                    try require(finding != .cutShort || rot.reachesBeyondOneFrame, "events are lost, and nothing tells")
                } catch {
                    throw Violation("\(name), \(rot), seed \(SimulationScale.seed): \(error)")
                }
            }
        }
        print(
            "bit rot: \(cases.count) of \(total) cases, seed \(SimulationScale.seed):",
            findings.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", "))
    }
}
