import EventSourcing
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// Snapshots count only where they were written, and a lost deletion brings none back.
@Suite struct SnapshotDamageTests {
    private let options = StrataOptions(idleMarkDelay: nil)
    private let streams = [sampleStream("Cart"), sampleStream("Order")]
    private static let name = "snapshots/00000000000000000001.seg"

    private func save(_ store: StrataStore, _ index: Int) async throws {
        try await store.snapshots.save(
            Snapshot(
                stream: streams[index], version: 1, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes("a state that is long enough for an event")))
    }

    /// A closed store with a snapshot of each stream.
    private func makeStore(seed: UInt64 = 1, deletingFirst: Bool = false) async throws -> SimulatedDevice {
        let device = SimulatedDevice(seed: seed)
        let store = try await StrataStore.open(on: device, options: options)
        for index in streams.indices {
            _ = try await store.events.append([sampleEvent()], to: streams[index], expecting: .noStream)
            try await save(store, index)
        }
        if deletingFirst { try await store.snapshots.delete(for: streams[0]) }
        try await save(store, 1)
        try await store.close()
        return device
    }

    /// A new store in which each of the streams has an event.
    private func openWithEvents(on device: SimulatedDevice) async throws -> StrataStore {
        let store = try await StrataStore.open(on: device, options: options)
        for stream in streams { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream) }
        return store
    }

    private func scan(_ device: SimulatedDevice) throws -> SnapshotScan {
        let manifest = try #require(try Manifest.read(from: device))
        var scan = SnapshotScan(storeID: manifest.storeID, on: device)
        try scan.run()
        return scan
    }

    @Test func aDeletionThatIsLostMayHaveBeenOfAnySnapshotBeforeIt() async throws {
        let device = try await makeStore(deletingFirst: true)
        #expect(try scan(device).index.all.count == 1)
        let frames = try StrataStore.inspectSegment(Self.name, on: device).frames
        let file = try StoreFile(Self.name, .readWrite, on: device)
        let junk: [UInt8] = [0xFF, 0xFF]
        try file.write(junk.span.bytes, at: frames[2].offset + 4)
        let found = try scan(device)
        #expect(found.damage.map(\.offset) == [frames[2].offset])
        // That of the other stream was saved again behind it.
        #expect(Set(found.index.all.keys) == [streams[1]])
    }

    @Test func aSegmentOfAnotherStoreIsNotTaken() async throws {
        var storage = try await makeStore().storage
        storage[file: Self.name] = try await makeStore(seed: 2).storage[file: Self.name]
        let found = try scan(SimulatedDevice(storage))
        #expect(found.damage.map(\.offset) == [0])
        #expect(found.index.all.isEmpty)
    }

    @Test func aSegmentOfAnotherNumberIsNotTaken() async throws {
        let device = try await makeStore()
        try device.rename(Self.name, to: "snapshots/00000000000000000002.seg")
        let found = try scan(device)
        #expect(found.damage.map(\.offset) == [0])
        #expect(found.index.all.isEmpty)
    }

    @Test func aFrameOfAnotherKindIsReadAsNoSnapshot() async throws {
        let device = try await makeStore()
        let storeID = try #require(try Manifest.read(from: device)).storeID
        let store = try await StrataStore.open(on: device, options: options)
        #expect(try await store.snapshots.latest(for: streams[0])?.version == 1)
        let binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: 1)
        let file = try StoreFile(Self.name, .readWrite, on: device)
        let offset = Format.segmentHeaderBytes
        let bytes = try file.read(Format.frameHeaderBytes, at: offset)
        var header = try #require(FrameHeader(decoding: bytes, at: offset, binding: binding))
        header.kind = .commit
        (header.eventCount, header.firstPosition) = (1, 1)
        var forged: [UInt8] = []
        header.encode(into: &forged, at: offset, binding: binding)
        #expect(FrameHeader(decoding: forged, at: offset, binding: binding) != nil)
        try file.write(forged.span.bytes, at: offset)
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        #expect(try await store.snapshots.latest(for: streams[1])?.version == 1)
        try await store.close()
    }

    @Test func aDeletionThatMayNotBeDurableIsMadeAgain() async throws {
        let first = SimulatedDevice(seed: 1)
        var store = try await openWithEvents(on: first)
        try await save(store, 0)
        try await store.close()

        let second = first.afterProcessDeath()
        store = try await StrataStore.open(on: second, options: options)
        try await save(store, 1)
        second.inject([DeviceFault(atCall: second.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { try await store.snapshots.delete(for: streams[0]) }
        #expect(second.struck.map(\.operation) == [.sync])

        let third = second.afterProcessDeath()
        store = try await StrataStore.open(on: third, options: options)
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        // It says that there was none, and makes sure of it.
        #expect(try await !store.snapshots.delete(for: streams[0]))
        store = try await StrataStore.open(on: SimulatedDevice(third.storage.afterTotalLoss), options: options)
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        try await store.close()
    }

    @Test func aSnapshotThatCouldNotBeReadIsDeleted() async throws {
        let closed = try await makeStore()
        let rehearsal = closed.afterProcessDeath()
        rehearsal.keepCalls()
        try await StrataStore.open(on: rehearsal, options: options).close()
        let reading = try #require(rehearsal.log.opening(of: Self.name, isLast: false))

        let device = closed.afterProcessDeath()
        device.inject([DeviceFault(atCall: reading.number, .error(EMFILE))])
        var store = try await StrataStore.open(on: device, options: options)
        #expect(device.struck.map(\.name) == [Self.name])
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        try await store.snapshots.delete(for: streams[0])
        store = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        #expect(try await store.snapshots.latest(for: streams[1])?.version == 1)
        try await store.close()
    }

    @Test func aSnapshotThatFailedAndStayedAllTheSameIsDeleted() async throws {
        let device = SimulatedDevice(seed: 1)
        var store = try await openWithEvents(on: device)
        try await save(store, 1)
        // It is written, the device says that it was not, and does not take it back either.
        let next = device.calls
        device.inject([
            DeviceFault(atCall: next, .errorAfterTheFact(EIO)), DeviceFault(atCall: next + 1, .error(EIO)),
        ])
        await #expect(throws: EventStoreError.self) { try await save(store, 0) }
        #expect(device.struck.count == 2)
        #expect(try await !store.snapshots.delete(for: streams[0]))
        store = try await StrataStore.open(on: device.afterProcessDeath(), options: options)
        #expect(try await store.snapshots.latest(for: streams[0]) == nil)
        #expect(try await store.snapshots.latest(for: streams[1])?.version == 1)
        try await store.close()
    }

    @Test func aSnapshotThatAnEarlierProcessFailedToTakeBackIsDeleted() async throws {
        let first = SimulatedDevice(seed: 1)
        var store = try await openWithEvents(on: first)
        try await save(store, 1)
        // It is written although the device says that it was not; so are the zeros over it, which are not synced then.
        first.inject([DeviceFault(atCall: first.calls, .errorAfterTheFact(EIO), isPersistent: true)])
        await #expect(throws: EventStoreError.self) { try await save(store, 0) }
        #expect(first.struck.map(\.operation) == [.write, .write])
        first.clearFaults()

        let second = first.afterProcessDeath()
        store = try await StrataStore.open(on: second, options: options)
        #expect(try await !store.snapshots.delete(for: streams[0]))
        for seed in 0..<64 as Range<UInt64> {
            var randomness = SeededRandomness(seed: seed)
            let third = second.after(second.storage.lossOfPower(using: &randomness))
            let found = try await StrataStore.open(on: third, options: options)
            #expect(try await found.snapshots.latest(for: streams[0]) == nil, "\(seed)")
            try await found.close()
        }
        try await store.close()
    }
}
