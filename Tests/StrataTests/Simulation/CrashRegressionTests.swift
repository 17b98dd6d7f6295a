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

    @Test func aManifestThatAFailedSyncLeftInTheCacheAloneIsWrittenAnewBeforeItIsBelieved() async throws {
        let rollOver: (SimulatedDevice) async throws -> Void = { device in
            let store = try await StrataStore.open(on: device, options: options)
            for bytes in [40_000, 40_000] {
                _ = try await store.events.append([self.event(bytes)], to: stream, expecting: .any)
            }
        }
        let device = try await deviceOfProcess(whoseLastSyncOf: ".", fails: .keptInCache, rollOver)
        let reopened = try await StrataStore.open(on: device, options: options)
        let event = self.event()
        _ = try await reopened.events.append([event], to: stream, expecting: .any)

        let last = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await last.events.containsEvent(withID: event.id))
    }

    @Test func directoriesThatAFailedSyncLeftInTheCacheAloneAreMadeAnew() async throws {
        let device = SimulatedDevice()
        device.inject([DeviceFault(atCall: 1, .failedSync(.keptInCache))])
        await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: device, options: options).close()
        }
        #expect(device.struck.map(\.name) == ["."])

        let next = device.afterProcessDeath()
        let store = try await StrataStore.open(on: next, options: options)
        let event = self.event()
        _ = try await store.events.append([event], to: stream, expecting: .any)
        let last = try await StrataStore.open(on: SimulatedDevice(next.storage.afterTotalLoss), options: options)
        #expect(try await last.events.containsEvent(withID: event.id))
    }

    @Test func noDeletionGoesToASegmentWhoseNameMayBeInTheCacheAlone() async throws {
        let fillSegment: (SimulatedDevice) async throws -> Void = { device in
            let store = try await StrataStore.open(on: device, options: options)
            _ = try await store.events.append([event()], to: stream, expecting: .any)
            var randomness = SeededRandomness(seed: 1)
            for state in [Bytes(randomness.bytes(40_000)), Bytes(randomness.bytes(40_000))] {
                try await store.snapshots.save(
                    Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), state: state))
            }
        }
        let device = try await deviceOfProcess(
            whoseLastSyncOf: "snapshots", fails: .keptInCache, andThenAll: true, fillSegment)
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.snapshots.delete(for: stream))

        let last = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await !last.snapshots.exists(for: stream))
    }

    @Test func aStoreWithoutItsDirectoriesIsDamaged() async throws {
        let maker = SimulatedDevice()
        try await StrataStore.open(on: maker, options: options).close()
        var manifestAlone = SimulatedStorage()
        manifestAlone[file: "MANIFEST"] = maker.storage[file: "MANIFEST"]

        let report = try StrataStore.verify(on: SimulatedDevice(manifestAlone))
        #expect(!report.damage.isEmpty)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: SimulatedDevice(manifestAlone), options: options).close()
        }
        #expect(error?.code == .damaged)
    }

    /// The device as the next process finds it when the last sync of a directory has failed its predecessor.
    ///
    /// - Parameter andThenAll: whether every later call failed, too.
    private func deviceOfProcess(
        whoseLastSyncOf directory: String, fails model: DeviceFault.FailedSync, andThenAll: Bool = false,
        _ life: (SimulatedDevice) async throws -> Void
    ) async throws -> SimulatedDevice {
        let rehearsal = SimulatedDevice()
        rehearsal.keepCalls()
        try await life(rehearsal)
        let sync = try #require(rehearsal.log.last { $0.operation == .syncDirectory && $0.name == directory })
        let device = SimulatedDevice()
        device.inject([DeviceFault(atCall: sync.number, .failedSync(model))])
        if andThenAll { device.inject([DeviceFault(atCall: sync.number + 1, .error(EIO), isPersistent: true)]) }
        await #expect(throws: (any Error).self) { try await life(device) }
        #expect(device.struck.first == sync)
        let next = device.afterProcessDeath()
        next.clearFaults()
        return next
    }

    private func event(_ payloadBytes: Int = 2) -> NewEvent {
        NewEvent(type: "ItemAdded", payload: Bytes(Array(repeating: 0x20, count: payloadBytes)))
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
