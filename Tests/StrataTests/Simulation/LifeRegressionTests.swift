import EventSourcing
import Foundation
import Glibc
import Strata
import StrataTesting
import Testing

/// What long lives with everything mixed have found, each as a story of its own.
@Suite struct LifeRegressionTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)
    private let stream = StreamID("Order", UUID())

    @Test(arguments: [StrataOptions.DurabilityMode.none, .commit])
    func anAppendThatWasRefusedDoesNotComeBackFromBlocksThatAreHandedOutAgain(
        _ durability: StrataOptions.DurabilityMode
    ) async throws {
        let device = SimulatedDevice()
        var options = options
        options.durability = durability
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        let refused = event()
        device.inject([DeviceFault(atCall: device.calls, .errorAfterTheFact(EFBIG))])
        let error = await #expect(throws: EventStoreError.self) {
            _ = try await store.events.append([refused], to: stream, expecting: .any)
        }
        #expect(error?.code == .storageFull)

        device.keepImages()
        _ = try await store.events.append([event(), event()], to: stream, expecting: .any)
        let written = try #require(device.images.first { $0.call.operation == .write }).storage
        var loss = LossOfPower(written.unsynced.map { _ in .lost })
        loss.keepsLengths = true
        loss.exposesFormerBytes = true
        let last = try await StrataStore.open(on: SimulatedDevice(written.after(loss)), options: options)
        #expect(try await !last.events.containsEvent(withID: refused.id))
    }

    @Test func anAppendIsRefusedWhereNotEvenZerosFit() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        let faults: [DeviceFault.Effect] = [.errorAfterTheFact(ENOSPC), .error(ENOSPC)]
        device.inject(faults.map { DeviceFault(atCall: device.calls, $0) })
        let error = await #expect(throws: EventStoreError.self) {
            _ = try await store.events.append([event()], to: stream, expecting: .any)
        }
        #expect(error?.code == .storageFull)
        #expect(device.struck.count == 2)

        _ = try await store.events.append([event()], to: stream, expecting: .exactly(0))
        #expect(try await store.events.readAll().collect().count == 1)
    }

    @Test func anAppendWhoseBytesCannotBeOverwrittenStopsTheLog() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        let faults: [DeviceFault.Effect] = [.errorAfterTheFact(ENOSPC), .error(EIO)]
        device.inject(faults.map { DeviceFault(atCall: device.calls, $0) })
        let error = await #expect(throws: EventStoreError.self) {
            _ = try await store.events.append([event()], to: stream, expecting: .any)
        }
        #expect(error?.code == .outcomeUnknown)
    }

    @Test func aDeletionOfASnapshotThatFailedIsMadeWhenItIsAskedForAgain() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot())
        try await store.close()

        let next = device.afterProcessDeath()
        let reopened = try await StrataStore.open(on: next, options: options)
        _ = try await reopened.snapshots.save(snapshot(of: StreamID("Order", UUID())))
        next.inject([DeviceFault(atCall: next.calls, .failedSync(.reverted))])
        await #expect(throws: EventStoreError.self) { _ = try await reopened.snapshots.delete(for: stream) }
        #expect(next.struck.map(\.operation) == [.sync])
        #expect(try await reopened.snapshots.delete(for: stream))

        let last = try await StrataStore.open(on: SimulatedDevice(next.storage.afterTotalLoss), options: options)
        #expect(try await !last.snapshots.exists(for: stream))
    }

    @Test func aSegmentOfSnapshotsThatCouldNotBeMadeDurableIsNotContinued() async throws {
        let first = SimulatedDevice()
        let store = try await StrataStore.open(on: first, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot())

        let device = first.afterProcessDeath()
        let reopened = try await StrataStore.open(on: device, options: options)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        await #expect(throws: EventStoreError.self) { try await reopened.snapshots.save(snapshot()) }
        #expect(device.struck.map(\.operation) == [.sync])
        try await reopened.snapshots.save(snapshot())
        try await reopened.close()

        let report = try StrataStore.verify(on: device.afterProcessDeath())
        #expect(report.damagedSnapshots.isEmpty)
        let last = try await StrataStore.open(on: device.afterProcessDeath(), options: options)
        #expect(try await last.snapshots.exists(for: stream))
    }

    @Test func aDeletionOfASnapshotThatAnEarlierProcessFailedAtIsMadeAnew() async throws {
        let first = SimulatedDevice()
        let store = try await StrataStore.open(on: first, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot())
        try await store.close()
        let second = first.afterProcessDeath()
        let reopened = try await StrataStore.open(on: second, options: options)
        try await reopened.snapshots.save(snapshot(of: StreamID("Order", UUID())))
        second.inject([DeviceFault(atCall: second.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { _ = try await reopened.snapshots.delete(for: stream) }

        let third = second.afterProcessDeath()
        let last = try await StrataStore.open(on: third, options: options)
        #expect(try await !last.snapshots.delete(for: stream))
        let after = try await StrataStore.open(on: SimulatedDevice(third.storage.afterTotalLoss), options: options)
        #expect(try await !after.snapshots.exists(for: stream))
    }

    @Test func aSegmentOfSnapshotsWhoseHeaderACrashHasTornIsNoDamage() async throws {
        let device = SimulatedDevice()
        device.keepImages()
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot())
        let header = try #require(
            device.images.first { $0.call.operation == .write && $0.call.name.hasPrefix("snapshots/") })
        var storage = header.storage
        storage[file: header.call.name]?.removeLast(6)

        let report = try StrataStore.verify(on: SimulatedDevice(storage))
        #expect(report.damagedSnapshots.isEmpty)
        let reopened = try await StrataStore.open(on: SimulatedDevice(storage), options: options)
        try await reopened.snapshots.save(snapshot())
        #expect(try await reopened.snapshots.exists(for: stream))
    }

    @Test func noSegmentIsWrittenOverOneThatAManifestMayListAlready() async throws {
        let rehearsal = SimulatedDevice()
        rehearsal.keepCalls()
        var store = try await storeOfFourSegments(on: rehearsal)
        let before = rehearsal.calls
        _ = try await store.compact(CompactionOptions(targetSegmentBytes: 128 << 10)).report()
        let installing = try #require(
            rehearsal.log.first { $0.number > before && $0.operation == .syncDirectory && $0.name == "." })

        let device = SimulatedDevice()
        store = try await storeOfFourSegments(on: device)
        device.inject([DeviceFault(atCall: installing.number, .failedSync(.keptInCache))])
        await #expect(throws: StrataError.self) {
            _ = try await store.compact(CompactionOptions(targetSegmentBytes: 128 << 10)).report()
        }
        #expect(device.struck.map(\.number) == [installing.number])
        await #expect(throws: StrataError.self) {
            _ = try await store.compact(CompactionOptions(compression: .none, targetSegmentBytes: 1 << 20)).report()
        }

        let report = try StrataStore.verify(on: device.afterProcessDeath())
        #expect(report.isSound, "\(report.damage)")
        let reopened = try await StrataStore.open(on: device.afterProcessDeath(), options: options)
        #expect(try await reopened.events.readAll().collect().count == 16)
    }

    private func storeOfFourSegments(on device: SimulatedDevice) async throws -> StrataStore {
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 0..<16 {
            let event = NewEvent(type: "ItemAdded", payload: Bytes(Array(repeating: 0x20, count: 15_000)))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        return store
    }

    private func event() -> NewEvent {
        NewEvent(type: "ItemAdded", payload: Bytes("{}"))
    }

    private func snapshot(of other: StreamID? = nil) -> Snapshot {
        Snapshot(stream: other ?? stream, version: 1, schemaVersion: 1, createdAt: .now(), state: Bytes("{}"))
    }
}
