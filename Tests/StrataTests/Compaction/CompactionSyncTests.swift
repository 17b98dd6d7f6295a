import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// In which order a compaction makes durable what it writes, and takes away what that replaces.
@Suite struct CompactionSyncTests {
    private let device = SimulatedDevice(seed: 1)
    private let streams = [StreamID("Order", UUID()), StreamID("Cart", UUID())]

    private func open(_ durability: StrataOptions.DurabilityMode = .commit) async throws -> StrataStore {
        var options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)
        options.durability = durability
        return try await StrataStore.open(on: device, options: options)
    }

    @discardableResult
    private func append(_ store: StrataStore, to index: Int = 1, bytes: Int = 40_000) async throws -> AppendResult {
        try await store.events.append(
            [sampleEvent(String(repeating: "x", count: bytes))], to: streams[index], expecting: .any)
    }

    /// A store of two sealed segments, of which the first one's event is released, and an active one.
    private func makeStore(_ durability: StrataOptions.DurabilityMode = .commit) async throws -> StrataStore {
        let store = try await open(durability)
        try await append(store, to: 0)
        for _ in 1...2 { try await append(store) }
        _ = try await store.events.delete(streams[0], mode: .soft, expecting: .any)
        return store
    }

    private func compact(_ store: StrataStore) async throws {
        _ = try await store.compact(CompactionOptions(compression: .none)).report()
    }

    private static let marking = ["write events/3.seg", "sync events/3.seg"]
    private static let rewriting =
        [
            "create events/1-4.seg", "write events/1-4.seg", "sync events/1-4.seg", "syncDirectory events",
            "create events/1-4.idx.new", "write events/1-4.idx.new", "rename events/1-4.idx.new",
        ] + replacing("MANIFEST") + [
            "remove events/1.idx", "remove events/1.seg", "syncDirectory events",
        ]

    @Test func segments() async throws {
        let store = try await makeStore()
        let calls = try await device.changes { try await compact(store) }
        #expect(calls == Self.marking + Self.rewriting)
        try await store.close()
    }

    @Test func releasesThatAreNotDurable() async throws {
        let store = try await makeStore(.none)
        let calls = try await device.changes { try await compact(store) }
        #expect(calls == ["sync events/3.seg"] + Self.marking + Self.rewriting)
        try await store.close()
    }

    @Test func snapshots() async throws {
        let store = try await open()
        try await append(store, bytes: 10)
        for version in 1...2 {
            let snapshot = Snapshot(
                stream: streams[1], version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}"))
            try await store.snapshots.save(snapshot)
        }
        let calls = try await device.changes { try await compact(store) }
        #expect(
            calls
                == [
                    "sync snapshots/1.seg", "write snapshots/1.seg", "sync snapshots/1.seg",
                    "create snapshots/2.seg", "write snapshots/2.seg", "sync snapshots/2.seg",
                    "syncDirectory snapshots",
                    "write snapshots/2.seg", "sync snapshots/2.seg", "write snapshots/2.seg", "sync snapshots/2.seg",
                    // The events that the remaining snapshots were made of.
                    "write events/1.seg", "sync events/1.seg",
                ] + removing("snapshots/1.seg", from: "snapshots"))
        try await store.close()
    }

    /// The number of the first call of a kind in a compaction, counted from the one before the compaction.
    private func call(_ operation: DeviceCall.Operation, _ name: String) async throws -> Int {
        let rehearsal = CompactionSyncTests()
        let store = try await rehearsal.makeStore()
        let before = rehearsal.device.calls
        rehearsal.device.keepCalls()
        try await rehearsal.compact(store)
        let call = rehearsal.device.log.first { $0.operation == operation && $0.name == name && $0.number > before }
        return try #require(call).number - before
    }

    @Test func appendsEndWhereItIsNotKnownWhichManifestIsThere() async throws {
        let sync = try await call(.rename, "MANIFEST.new") + 1
        let store = try await makeStore()
        device.inject([DeviceFault(atCall: device.calls + sync, .failedSync(.keptInCache))])
        await #expect(throws: StrataError.self) { try await compact(store) }
        #expect(device.struck.map(\.operation) == [.syncDirectory])
        device.clearFaults()
        let error = await #expect(throws: EventStoreError.self) { try await append(store) }
        #expect(error?.code == .outcomeUnknown)
        try? await store.close()
    }

    @Test func aLogThatHasStoppedIsNotCompacted() async throws {
        let store = try await open()
        for _ in 1...3 { try await append(store) }
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { try await append(store, bytes: 10) }
        let calls = try await device.changes {
            await #expect(throws: StrataError.self) { try await store.compact().report() }
        }
        #expect(!calls.contains("rename MANIFEST.new"))
        try? await store.close()
    }

    @Test(arguments: [false, true])
    func nothingIsStoredOrCalledDurableBehindASyncThatFailed(appendsFirst: Bool) async throws {
        let store = try await makeStore(.none)
        let last = try await append(store, bytes: 10).lastPosition
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        await #expect(throws: StrataError.self) { try await compact(store) }
        #expect(device.struck.count == 1)
        // The system reports success from now on, although the pages are gone.
        let calls = try await device.changes {
            await #expect(throws: EventStoreError.self) {
                if appendsFirst { try await append(store, bytes: 10) }
                try await store.events.waitUntilDurable(last)
            }
            await #expect(throws: EventStoreError.self) { try await append(store, bytes: 10) }
        }
        #expect(calls == [])
        try? await store.close()
    }

    @Test func whatWasMadeDurableForACompactionIsKnownToBe() async throws {
        let store = try await makeStore(.none)
        let last = try await append(store, bytes: 10).lastPosition
        try await compact(store)
        #expect(try await device.changes { try await store.events.waitUntilDurable(last) } == [])
        try await store.close()
    }
}
