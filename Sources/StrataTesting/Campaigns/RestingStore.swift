import EventSourcing
import Strata

/// A store of about 64 KiB that was closed and left alone: three segments of events, two of snapshots.
struct RestingStore: Sendable {
    private static let firstSteps: [Workload.Step] = [
        .append(.init(3, of: 100)), .append(.init(1, of: 900, to: 1)), .append(.init(12, of: 700, to: 2)),
        .saveSnapshot(stream: 0, stateBytes: 300), .append(.init(1, of: 13_000, to: 1)), .append(.init(2, of: 500)),
        .saveSnapshot(stream: 1, stateBytes: 9_000), .append(.init(6, of: 300, to: 3)),
    ]
    private static let lastSteps: [Workload.Step] = [
        .closeAndReopen, .append(.init(1, of: 3_000)), .saveSnapshot(stream: 0, stateBytes: 500),
        .append(.init(4, of: 100, to: 3)), .deleteSnapshot(stream: 0), .saveSnapshot(stream: 2, stateBytes: 11_000),
        .append(.init(1, of: 300, to: 2)),
    ]
    static let workload = Workload("at rest", segmentBytes: 18 << 10, firstSteps + lastSteps)
    private static let firstHalf = Workload("at rest, first half", segmentBytes: 18 << 10, firstSteps)

    /// Everything on the device, durable.
    let storage: SimulatedStorage
    let expectation: Expectation
    /// The same store as it was when it was closed for the first time.
    let backup: SimulatedStorage
    /// What each file held at some moment of its life, in the order of the moments.
    let formerContents: [String: [[UInt8]]]

    init(seed: UInt64) async throws {
        let run = try await Self.run(Self.workload, seed: seed)
        var storage = run.device.storage
        storage.makeAllDurable()
        self.storage = storage
        expectation = run.history.expectation(after: .processDeath)
        backup = try await Self.run(Self.firstHalf, seed: seed).device.storage
        formerContents = run.device.images.reduce(into: [:]) { contents, image in
            for (name, bytes) in image.storage.contents where contents[name]?.last != bytes {
                contents[name, default: []].append(bytes)
            }
        }
    }

    private static func run(_ workload: Workload, seed: UInt64) async throws -> WorkloadRun {
        let device = SimulatedDevice(seed: seed)
        device.keepImages()
        let (run, error) = try await WorkloadRun.finished(workload, on: device, seed: seed)
        if let error { throw Violation("workload '\(workload.name)': \(error)") }
        return run
    }
}

extension SimulatedStorage {
    /// The files that hold a store, in the order of their names.
    var storeFiles: [(name: String, bytes: [UInt8])] {
        contents.filter { $0.key != "LOCK" }.sorted { $0.key < $1.key }.map { (name: $0.key, bytes: $0.value) }
    }
}
