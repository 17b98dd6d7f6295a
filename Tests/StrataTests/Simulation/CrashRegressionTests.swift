import EventSourcing
import Foundation
import Glibc
import Strata
import StrataTesting
import Testing

/// What crash runs have found, each as a story of its own.
@Suite struct CrashRegressionTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let stream = StreamID("Order", UUID())

    @Test func aStoreWhoseMakerDiedBeforeSyncingItsDirectoriesSurvivesALossOfPowerLater() async throws {
        let maker = SimulatedDevice()
        maker.keepImages()
        try await StrataStore.open(on: maker, options: options).close()
        let renamed = try #require(maker.images.first { $0.call.operation == .rename })

        let device = SimulatedDevice(renamed.storage.afterProcessDeath)
        let store = try await StrataStore.open(on: device, options: options)
        let event = event()
        _ = try await store.events.append([event], to: stream, expecting: .any)

        let reopened = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await reopened.events.containsEvent(withID: event.id))
    }

    @Test func aSnapshotThatACrashHasTornIsNoDamage() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        var randomness = SeededRandomness(seed: 1)
        let snapshot = Snapshot(
            stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), state: Bytes(randomness.bytes(5_000)))
        try await store.snapshots.save(snapshot)
        let loss = LossOfPower(device.storage.unsynced.map { _ in .torn(sectors: 0b1001) })

        let report = try StrataStore.verify(on: SimulatedDevice(device.storage.after(loss)))
        #expect(report.isSound, "\(report.damagedSnapshots)")
        let lost = try StrataStore.verify(on: SimulatedDevice(device.storage.afterTotalLoss))
        #expect(lost.isSound, "\(lost.damagedSnapshots)")
    }

    @Test func aSnapshotThatWasDeletedStaysDeletedWhateverCrashCameBefore() async throws {
        let first = SimulatedDevice()
        first.keepImages()
        let store = try await StrataStore.open(on: first, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        var randomness = SeededRandomness(seed: 1)
        for state in [Bytes(randomness.bytes(40_000)), Bytes(randomness.bytes(40_000))] {
            try await store.snapshots.save(
                Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), state: state))
        }
        // The writer dies before it has synced the directory entry of the second segment.
        let written = try #require(
            first.images.last { $0.call.operation == .write && $0.call.name.hasSuffix("2.seg") && $0.call.offset == 0 })

        let device = SimulatedDevice(written.storage.afterProcessDeath)
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.snapshots.delete(for: stream))

        let last = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await last.snapshots.latest(for: stream) == nil)
    }

    @Test func whatAFailedSyncHasLeftInTheCacheAloneIsWrittenAnewBeforeItIsBelieved() async throws {
        let first = SimulatedDevice()
        let store = try await StrataStore.open(on: first, options: options)
        first.inject([DeviceFault(atCall: first.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) {
            _ = try await store.events.append([event()], to: stream, expecting: .any)
        }

        let device = first.afterProcessDeath()
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.events.version(of: stream) == 1)
        _ = try await reopened.events.append([event()], to: stream, expecting: .exactly(1))

        let last = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await last.events.version(of: stream) == 2)
    }

    @Test func aSignalThatInterruptsTheLockGoesUnnoticed() async throws {
        let device = SimulatedDevice()
        device.keepCalls()
        try await StrataStore.open(on: device, options: options).close()
        let lock = try #require(device.log.first { $0.operation == .lock })

        let other = SimulatedDevice()
        other.inject([DeviceFault(atCall: lock.number, .error(EINTR))])
        try await StrataStore.open(on: other, options: options).close()
        #expect(other.struck.map(\.operation) == [.lock])
    }

    @Test func aSnapshotThatFailedToBeSavedDoesNotComeBackAfterACrash() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        device.keepCalls()
        device.inject([DeviceFault(atCall: device.calls + 5, .errorAfterTheFact(EIO))])
        let snapshot = Snapshot(
            stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), state: Bytes("{}"))
        while device.struck.isEmpty {
            _ = try await store.snapshots.delete(for: stream)
            try? await store.snapshots.save(snapshot)
        }
        #expect(device.struck.map(\.operation) == [.write])
        #expect(try await !store.snapshots.delete(for: stream))

        // Writes arrive, and cutting them off again does not.
        let loss = LossOfPower(
            device.storage.unsynced.map { if case .truncate = $0.change { .lost } else { .kept } })
        let last = try await StrataStore.open(on: SimulatedDevice(device.storage.after(loss)), options: options)
        #expect(try await !last.snapshots.exists(for: stream))
    }

    @Test func damageThatTookADeletionDoesNotBringTheSnapshotBack() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([event()], to: stream, expecting: .any)
        try await store.snapshots.save(
            Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), state: Bytes("{}")))
        let name = "snapshots/00000000000000000001.seg"
        let deletion = try #require(device.storage[file: name]).count
        #expect(try await store.snapshots.delete(for: stream))
        try await store.close()
        var storage = device.storage
        storage[file: name]?[deletion + 20] ^= 1

        let reopened = try await StrataStore.open(on: SimulatedDevice(storage), options: options)
        #expect(try await !reopened.snapshots.exists(for: stream))
    }

    private func event() -> NewEvent {
        NewEvent(type: "ItemAdded", payload: Bytes("{}"))
    }

    @Test func aManifestIsNeverThereBeforeTheDirectoriesOfItsStore() async throws {
        let device = SimulatedDevice()
        device.keepImages()
        try await StrataStore.open(on: device, options: options).close()
        let renamed = try #require(device.images.first { $0.call.operation == .rename }).storage
        let loss = LossOfPower(
            renamed.unsynced.map {
                switch $0.change {
                case .rename, .linkInParent: .kept
                default: .lost
                }
            })

        let reopened = SimulatedDevice(renamed.after(loss))
        try await StrataStore.open(on: reopened, options: options).close()
    }
}
