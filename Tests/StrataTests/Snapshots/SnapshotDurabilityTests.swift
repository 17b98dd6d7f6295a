import EventSourcing
import Foundation
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A snapshot whose events are released is all that its aggregate has: it stays, whatever becomes of a later one.
@Suite struct SnapshotDurabilityTests {
    /// A deletion's sync takes the copies with it that a compaction has made by then.
    @Test func aCompactionKeepsWhatItHasCopiedInVain() async throws {
        let device = SimulatedDevice(seed: 1)
        let options = StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil)
        let store = try await StrataStore.open(on: device, options: options)
        let streams = (0..<200).map { _ in sampleStream() }
        for stream in streams {
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
            try await store.snapshots.save(
                Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
        }
        try await store.snapshots.delete(for: streams[0])
        let copies = Atomic(0)
        device.beforeWrites {
            guard (try? device.list("snapshots").count) == 2 else { return }
            // The first one is the new segment's header.
            guard copies.wrappingAdd(1, ordering: .relaxed).newValue == 10 else { return }
            device.inject([DeviceFault(atCall: 1, .failedSync(.keptInCache))])
            Task.immediate { try await store.snapshots.delete(for: streams[1]) }
        }
        await #expect(throws: StrataError.self) {
            _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
        }
        device.beforeCalls(nil)
        #expect(device.struck.map(\.operation) == [.sync])
        let next = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        for stream in streams[2...] { #expect(try await next.snapshots.exists(for: stream)) }
        for stream in streams[2...] { #expect(try await next.snapshots.latest(for: stream) != nil) }
    }

    /// Nothing is synced that need not be.
    private let options = StrataOptions(durability: .none, idleMarkDelay: nil)
    private let order = sampleStream("Order")
    private let cart = sampleStream("Cart")
    private static let name = "snapshots/00000000000000000001.seg"

    private func save(_ store: StrataStore, version: Int, of stream: StreamID? = nil) async throws {
        try await store.snapshots.save(
            Snapshot(
                stream: stream ?? order, version: version, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes("\(version)")))
    }

    private func append(_ store: StrataStore, _ count: Int = 1) async throws {
        for _ in 0..<count { _ = try await store.events.append([sampleEvent()], to: order, expecting: .any) }
    }

    /// Four events, and a snapshot of the third.
    private func fill(_ store: StrataStore) async throws {
        try await append(store, 4)
        try await save(store, version: 3)
    }

    /// The version of the order's snapshot and its events', as a later process finds them, reading or writing.
    private func find(
        on storage: SimulatedStorage, _ access: StrataOptions.Access = .readWrite
    ) async throws -> (snapshot: Int?, events: [Int]) {
        let store = try await StrataStore.open(
            on: SimulatedDevice(storage), options: StrataOptions(access: access, idleMarkDelay: nil))
        let snapshot = try await store.snapshots.latest(for: order)?.version
        let events = try await store.allEvents().filter { $0.stream == order }.map(\.version)
        try await store.close()
        return (snapshot, events)
    }

    /// A store of four events whose first two are gone, durably, with a snapshot of the third.
    private func makeStore(on device: any Device) async throws -> StrataStore {
        let store = try await StrataStore.open(on: device, options: options)
        try await fill(store)
        try await store.events.truncate(order, before: 3, expecting: .any)
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .noStream)
        try await store.events.waitUntilDurable(#require(try await store.events.currentPosition()))
        return store
    }

    @Test func aTruncationMakesTheSnapshotDurable() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await makeStore(on: device)
        let found = try await find(on: device.storage.afterTotalLoss)
        #expect(found.snapshot == 3)
        #expect(found.events == [3, 4])
        try await store.close()
    }

    @Test func aTruncationMakesTheSnapshotOfAnEarlierProcessDurable() async throws {
        let first = SimulatedDevice(seed: 1)
        var store = try await StrataStore.open(on: first, options: StrataOptions(idleMarkDelay: nil))
        try await fill(store)
        let second = first.afterProcessDeath()
        store = try await StrataStore.open(on: second, options: StrataOptions(idleMarkDelay: nil))
        try await store.events.truncate(order, before: 3, expecting: .any)
        #expect(try await find(on: second.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    @Test func aTruncationMakesTheSnapshotOfASegmentThatIsLeftDurable() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        try await fill(store)
        // The segment is left alone behind a failed sync; the next snapshot goes to another one.
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) {
            try await store.events.truncate(order, before: 3, expecting: .any)
        }
        #expect(device.struck.map(\.operation) == [.sync])
        #expect(try await store.allEvents().count == 4)
        try await store.events.truncate(order, before: 3, expecting: .any)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    @Test func aTruncationKeepsASnapshotWhoseDeletionFailed() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        try await fill(store)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { try await store.snapshots.delete(for: order) }
        #expect(device.struck.map(\.operation) == [.sync])
        try await store.events.truncate(order, before: 3, expecting: .any)
        #expect(try await find(on: device.storage.afterProcessDeath).snapshot == 3)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    @Test func aTruncationKeepsASnapshotWhoseDeletionAnEarlierProcessFailedToTakeBack() async throws {
        let first = SimulatedDevice(seed: 1)
        let options = StrataOptions(durability: .none, segmentBytes: 2 << 10, idleMarkDelay: nil)
        var store = try await StrataStore.open(on: first, options: options)
        try await fill(store)
        // The deletion goes to another segment.
        for version in 1...20 { try await save(store, version: version, of: cart) }
        // It is written although the device says that it was not; so are the zeros over it, which are not synced then.
        first.inject([DeviceFault(atCall: first.calls, .errorAfterTheFact(EIO), isPersistent: true)])
        await #expect(throws: EventStoreError.self) { try await store.snapshots.delete(for: order) }
        #expect(first.struck.map(\.operation) == [.write, .write])
        first.clearFaults()

        let second = first.afterProcessDeath()
        store = try await StrataStore.open(on: second, options: options)
        #expect(try await store.snapshots.latest(for: order)?.version == 3)
        try await store.events.truncate(order, before: 3, expecting: .any)
        for seed in 0..<64 as Range<UInt64> {
            var randomness = SeededRandomness(seed: seed)
            let third = second.after(second.storage.lossOfPower(using: &randomness))
            let found = try await find(on: third.storage)
            #expect(found.snapshot == 3, "\(seed)")
        }
        try await store.close()
    }

    /// What another store has released of the order.
    private let release = StreamStatus(version: 4, firstVersion: 3, isTruncated: true)

    private func waitForEvents(_ store: StrataStore) async throws {
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        try await store.events.waitUntilDurable(#require(try await store.events.currentPosition()))
    }

    @Test func anImportedReleaseMakesTheSnapshotDurable() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        try await fill(store)
        try await store.events.importChanges([.release(release, of: order)])
        try await waitForEvents(store)
        let found = try await find(on: device.storage.afterTotalLoss)
        #expect(found.snapshot == 3)
        #expect(found.events == [3, 4])
        try await store.close()
    }

    /// The events that it was made of are all released: nobody needs it.
    @Test func anImportedSoftDeletionPassesOverADamagedSnapshot() async throws {
        let device = SimulatedDevice(seed: 1)
        let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)
        let store = try await StrataStore.open(on: device, options: options)
        try await fill(store)
        // Behind it, another segment begins.
        var randomness = SeededRandomness(seed: 1)
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        try await store.snapshots.save(
            Snapshot(
                stream: cart, version: 1, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes(randomness.bytes(options.segmentBytes))))
        let name = "snapshots/00000000000000000001.seg"
        let file = try StoreFile(name, .readWrite, on: device)
        let length = try file.length()
        try file.write([UInt8](repeating: 0xFF, count: length - 160).span.bytes, at: 160)
        let version = try await store.events.version(of: order)
        let deletion = StreamStatus(version: version, firstVersion: version + 1, isTombstoned: false)
        try await store.events.importChanges([.release(deletion, of: order)])
        #expect(try await store.events.status(of: order).isEmpty)
        try await store.close()
    }

    @Test func anImportThatReleasesNothingMoreDoesNotSyncSnapshots() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await makeStore(on: device)
        try await append(store)
        try await save(store, version: 5)
        let before = device.mutatingCalls
        try await store.events.importChanges([.release(release, of: order)])
        #expect(device.mutatingCalls == before)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    /// The one that is kept is of too few events; one of the last released event alone is, too.
    @Test(arguments: [1, 2]) func theFirstSnapshotOfATruncatedStreamIsDurable(kept: Int) async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store, 4)
        try await save(store, version: kept)
        try await store.events.importChanges([.release(release, of: order)])
        try await waitForEvents(store)
        try await save(store, version: 3)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await save(store, version: 4)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    @Test(arguments: [DeviceFault.FailedSync.keptInCache, .reverted])
    func aSnapshotOfATruncatedStreamThatCannotBeSyncedIsNone(model: DeviceFault.FailedSync) async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store, 4)
        try await store.events.truncate(order, before: 3, expecting: .any)
        try await waitForEvents(store)
        try await save(store, version: 1, of: cart)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(model))])
        await #expect(throws: EventStoreError.self) { try await save(store, version: 3) }
        #expect(device.struck.map(\.operation) == [.sync])
        #expect(try await store.snapshots.latest(for: order) == nil)
        #expect(try await find(on: device.storage.afterProcessDeath).snapshot == nil)
        try await save(store, version: 4)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 4)
        try await store.close()
    }

    /// A store of four events and a snapshot of the third, which a bit is flipped of.
    private func makeStoreWithDamagedSnapshot(_ directory: TemporaryDirectory) async throws -> StrataStore {
        let device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(segmentBytes: 2 << 10, idleMarkDelay: nil))
        try await fill(store)
        // Until they go to another segment.
        for version in 1...20 { try await save(store, version: version, of: cart) }
        try StoreFiles(directory).flipBit(at: Format.segmentHeaderBytes + Format.frameHeaderBytes, of: Self.name)
        return store
    }

    @Test func aSnapshotThatDoesNotVerifyIsNoReasonToReleaseEvents() async throws {
        let directory = TemporaryDirectory()
        let store = try await makeStoreWithDamagedSnapshot(directory)
        await #expect {
            try await store.events.truncate(order, before: 3, expecting: .any)
        } throws: {
            ($0 as? EventStoreError)?.code == .damaged
        }
        #expect(try await store.allEvents().count == 4)
        try await store.close()
    }

    @Test func aCompactionLeavesSegmentsAloneThatItFindsDamaged() async throws {
        let directory = TemporaryDirectory()
        let store = try await makeStoreWithDamagedSnapshot(directory)
        let before = try StoreFiles(directory).names("snapshots")
        _ = try await store.compact(CompactionOptions()).report()
        #expect(try before == StoreFiles(directory).names("snapshots").filter(before.contains))
        #expect(try StrataStore.verify(on: store.device).damagedSnapshots.map(\.file) == [Self.name])
        try await store.close()
    }

    @Test(arguments: [StrataOptions.Access.readOnly, .readWrite])
    func theLatestSnapshotThatFitsCounts(access: StrataOptions.Access) async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await makeStore(on: device)
        try await save(store, version: 1, of: cart)
        try await append(store)
        try await save(store, version: 5)
        // Syncs the snapshots, while the fifth event stays where a loss of power takes it.
        try await store.snapshots.delete(for: cart)
        let storage = device.storage.afterTotalLoss
        let found = try await find(on: storage, access)
        #expect(found.snapshot == 3)
        #expect(found.events == [3, 4])
        try await store.close()
    }

    @Test func aSnapshotOfLostEventsDoesNotComeBack() async throws {
        let first = SimulatedDevice(seed: 1)
        var store = try await makeStore(on: first)
        try await save(store, version: 1, of: cart)
        try await append(store)
        try await save(store, version: 5)
        try await store.snapshots.delete(for: cart)
        let second = SimulatedDevice(first.storage.afterTotalLoss)
        store = try await StrataStore.open(on: second, options: StrataOptions(idleMarkDelay: nil))
        try await append(store, 2)
        // What the process that has opened it did about the snapshot is durable, since events follow.
        #expect(try await find(on: second.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }

    @Test func aSnapshotOfLostEventsDoesNotStayWhereTheOneBeforeDoesNotVerify() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        try await fill(store)
        let log = try #require(store.snapshots.log)
        let older = try #require(await log.index[order]).moved(to: 1, Format.segmentHeaderBytes + 8)
        try await log.takeBack([order: older])
        #expect(try await store.snapshots.latest(for: order) == nil)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == nil)
        try await store.close()
    }

    @Test func aCompactionDropsNoSnapshotThatALossOfPowerMakesTheOnlyOneThatFits() async throws {
        let device = SimulatedDevice(seed: 1)
        let late = Mutex<StrataStore?>(nil)
        // When the compaction has made durable what was there, and writes its first segment.
        let interfering = InterferingDevice(
            device, before: "events/00000000000000000001-", access: .create
        ) { _, _ in
            guard let store = late.withLock({ $0 }) else { return }
            waiting {
                try await append(store)
                try await save(store, version: 5)
            }
        }
        let store = try await makeStore(on: interfering)
        late.withLock { $0 = store }
        let report = try await store.compact(CompactionOptions()).report()
        #expect(report.snapshotBytesAfter < report.snapshotBytesBefore)
        let found = try await find(on: device.storage.afterTotalLoss)
        #expect(found.snapshot == 5)
        #expect(found.events == [3, 4, 5])
        late.withLock { $0 = nil }
        try await store.close()
    }

    /// A store as ``makeStore(on:)`` makes it, and a later snapshot of the order that a failed sync has taken again.
    private func loseTheLatestSnapshot() async throws -> (store: StrataStore, device: SimulatedDevice) {
        let first = SimulatedDevice(seed: 1)
        var store = try await makeStore(on: first)
        try await save(store, version: 4)
        let device = first.afterProcessDeath()
        store = try await StrataStore.open(on: device, options: options)
        #expect(try await store.snapshots.latest(for: order)?.version == 4)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        await #expect(throws: EventStoreError.self) { try await save(store, version: 1, of: cart) }
        #expect(device.struck.map(\.operation) == [.sync])
        return (store, device)
    }

    @Test func theSnapshotBeforeOneThatIsGoneCounts() async throws {
        let (store, device) = try await loseTheLatestSnapshot()
        #expect(try await store.snapshots.latest(for: order)?.version == 3)
        try await store.snapshots.delete(for: order)
        #expect(try await find(on: device.storage.afterProcessDeath).snapshot == nil)
        try await store.close()
    }

    @Test func aCompactionKeepsTheSnapshotBeforeOneThatIsGone() async throws {
        let (store, device) = try await loseTheLatestSnapshot()
        for _ in 1...3 { try await save(store, version: 1, of: cart) }
        let report = try await store.compact(CompactionOptions()).report()
        #expect(report.snapshotBytesAfter < report.snapshotBytesBefore)
        #expect(try await store.snapshots.latest(for: order)?.version == 3)
        #expect(try await find(on: device.storage.afterTotalLoss).snapshot == 3)
        try await store.close()
    }
}
