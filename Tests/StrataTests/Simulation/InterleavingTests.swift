import Strata
import StrataTesting
import Testing

/// A compaction and callers take turns in the middle of each other.
@Suite(.serialized) struct InterleavingTests {
    @Test func noOrderOfTurnsLosesAnything() async throws {
        try await expectNoFindings(.interleavings, cases: 160)
    }

    @Test func appendsHaveTurnsInTheMiddleOfACompaction() async throws {
        var count = 0
        for seed in UInt64(1)...30 {
            let workload = Workload.interleaved(seed: seed)
            if try await appendsInsideCompactions(workload) > 0 { count += 1 }
            let plain = Workload(workload.name, durability: workload.options.durability, workload.steps)
            #expect(try await appendsInsideCompactions(plain) == 0)
        }
        #expect(count >= 3)
    }

    private func calls(_ workload: Workload) async throws -> [DeviceCall] {
        try await SimulatedThread.run {
            let device = SimulatedDevice(seed: 1)
            device.keepCalls()
            let (run, error) = try await WorkloadRun.finished(workload, on: device, seed: 1)
            if let error { throw error }
            return run.device.log
        }
    }

    /// How many writes to the log come between the making and the sync of a compacted segment.
    private func appendsInsideCompactions(_ workload: Workload) async throws -> Int {
        var made: String?
        return try await calls(workload).count { call in
            guard call.name.hasPrefix("events/"), call.name.hasSuffix(".seg") else { return false }
            let isCompacted = call.name.contains("-")
            if isCompacted, call.operation == .create { made = call.name }
            if call.operation == .sync, call.name == made { made = nil }
            return !isCompacted && call.operation == .write && made != nil
        }
    }
}
