import EventSourcing
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// Snapshots whose removal has failed.
extension LostNamesTests {
    /// A compaction whose removal of snapshots fails, in one of two segments; the second one has one of a released event.
    private func failToRemoveSnapshots(
        _ store: StrataStore, in segment: UInt64, at operation: DeviceCall.Operation
    ) async throws {
        for _ in 1...3 { try await append(store, bytes: 10, to: stream) }
        var randomness = SeededRandomness(seed: 3)
        for version in 1...2 {
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
                    state: Bytes(randomness.bytes(40 << 10))))
        }
        #expect(try device.list("snapshots").count == 2)
        _ = try await store.events.truncate(stream, before: 3, expecting: .any)
        switch operation {
        case .remove: device.fail(.error(EIO), at: .remove, StoreLayout.snapshotSegment(segment))
        // The first one is that of the new segment.
        default: device.fail(.failedSync(.keptInCache), at: operation, StoreLayout.snapshots, count: Int(segment) + 1)
        }
        await #expect(throws: StrataError.self) { _ = try await store.compact(compaction).report() }
        #expect(device.struck.map(\.operation) == [operation])
        device.beforeCalls(nil)
        device.clearFaults()
        #expect(try await store.snapshots.latest(for: stream) == nil)
    }

    @Test(arguments: [DeviceCall.Operation.remove, .syncDirectory], [1, 2] as [UInt64])
    func aSnapshotThatACompactionFailedToRemoveIsInNobodysWay(
        operation: DeviceCall.Operation, segment: UInt64
    ) async throws {
        let store = try await open(device)
        try await failToRemoveSnapshots(store, in: segment, at: operation)
        try await append(store, bytes: 10, to: stream)
        _ = try await store.events.truncate(stream, before: 4, expecting: .any)
        if segment == 1 {
            try await store.snapshots.delete(for: stream)
        } else {
            try await store.snapshots.deleteAll(ofType: stream.aggregateType, schemaVersionBelow: nil)
        }
        #expect(try await latest(device.afterProcessDeath(), stream) == nil)
        #expect(try await latest(SimulatedDevice(device.storage.afterTotalLoss), stream) == nil)
        _ = try await store.compact(compaction).report()
        #expect(try device.list("snapshots").count <= 1)
    }

    /// The next process does not see it, and has no room to remove again what was removed.
    @Test func aSnapshotThatAnEarlierProcessFailedToRemoveIsDeleted() async throws {
        let store = try await open(device)
        try await failToRemoveSnapshots(store, in: 2, at: .syncDirectory)
        try await store.close()
        let next = device.afterProcessDeath()
        next.clearFaults()
        next.fail(.error(ENOSPC), at: .create, StoreLayout.snapshotSegment(2) + ".new")
        let reopened = try await open(next)
        next.beforeCalls(nil)
        next.clearFaults()
        try await reopened.snapshots.delete(for: stream)
        #expect(try await latest(SimulatedDevice(next.storage.afterTotalLoss), stream) == nil)
    }
}
