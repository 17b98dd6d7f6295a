import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// Whatever is asked of a store, in whatever order, it answers as a plain dictionary would.
///
/// `STRATA_MODEL_OPERATIONS` says how long, `STRATA_SEED` replays a run.
@Suite struct ModelTests {
    private static let operations = SimulationScale.modelOperations

    @Test func theStoreInMemoryAnswersAsTheModel() async throws {
        var trial = ModelTrial(InMemorySubject(), seed: SimulationScale.seed)
        try await trial.run(Self.operations)
        print("model, in memory: \(summary(of: trial)), seed \(SimulationScale.seed)")
    }

    @Test func theStoreInFilesAnswersAsTheModel() async throws {
        let directory = TemporaryDirectory()
        let subject = try await FileSubject(directory)
        var trial = ModelTrial(subject, seed: SimulationScale.seed)
        try await trial.run(Self.operations)
        try await subject.close()
        #expect(try await StrataStore.verify(at: directory.path).isSound)
        print("model, in files: \(summary(of: trial)), seed \(SimulationScale.seed)")
    }

    @Test func aStoreThatLosesAnEventIsFound() async throws {
        var trial = ModelTrial(LosingSubject(), seed: SimulationScale.seed)
        await #expect(throws: ModelTrial.Difference.self) { try await trial.run(4_000) }
    }

    private func summary(of trial: ModelTrial) -> String {
        trial.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

private struct InMemorySubject: TrialSubject {
    let events: any EventStore = InMemoryEventStore()
    let snapshots: any SnapshotStore = InMemorySnapshotStore()

    func reopen() {}
    func compact() {}
}

/// Loses one event when it is opened again.
private struct LosingSubject: TrialSubject {
    private let store = InMemoryEventStore()
    let snapshots: any SnapshotStore = InMemorySnapshotStore()

    var events: any EventStore { store }

    func reopen() async throws {
        guard let first = try await store.readAll(limit: 1).collect().first else { return }
        try await store.truncate(first.stream, before: first.version + 1, expecting: .any)
    }

    func compact() {}
}

/// A store in small segments, so that all that segments do happens often.
private actor FileSubject: TrialSubject {
    private let device: FileSystemDevice
    private var store: StrataStore
    private static let options = StrataOptions(durability: .none, segmentBytes: 16 << 10, idleMarkDelay: nil)

    init(_ directory: TemporaryDirectory) async throws {
        device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        store = try await StrataStore.open(on: device, options: Self.options)
    }

    var events: any EventStore { store.events }
    var snapshots: any SnapshotStore { store.snapshots }

    func reopen() async throws {
        try await store.close()
        store = try await StrataStore.open(on: device, options: Self.options)
    }

    func compact() async throws {
        _ = try await store.compact(CompactionOptions(targetSegmentBytes: 64 << 10)).report()
    }

    func close() async throws {
        try await store.close()
    }
}
