import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A sync of a directory that fails takes with it that files were made or removed, and nobody sees it until the power has
/// been gone: the next sync succeeds.
@Suite struct LostNamesTests {
    let device = SimulatedDevice(seed: 1)
    let stream = StreamID("Order", UUID(uuidString: "6a8f3d0e-4b7c-4e0a-9f3e-0d8f6a1b2c3d")!)
    let other = StreamID("Cart", UUID(uuidString: "0b1c2d3e-4f50-4617-8a2b-3c4d5e6f7081")!)
    let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)
    let compaction = CompactionOptions(compression: .none, minReleasedShare: 0)

    func open(_ device: any Device) async throws -> StrataStore {
        try await StrataStore.open(on: device, options: options)
    }

    @discardableResult
    func append(_ store: StrataStore, bytes: Int = 40_000, to stream: StreamID? = nil) async throws -> Int {
        let event = sampleEvent(String(repeating: "x", count: bytes))
        return try await store.events.append([event], to: stream ?? other, expecting: .any).version
    }

    private func save(_ store: StrataStore, _ stream: StreamID, version: Int = 1) async throws {
        try await store.snapshots.save(
            Snapshot(stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
    }

    func lostSync(_ call: Int) -> DeviceFault { DeviceFault(atCall: call, .failedSync(.keptInCache)) }

    func latest(_ device: SimulatedDevice, _ stream: StreamID) async throws -> Snapshot? {
        try await open(device).snapshots.latest(for: stream)
    }

    // The log and a compaction make files in one directory.

    /// A store of two sealed segments, the first one's event released, and an active one that the next append seals.
    private func makeCompactable(on device: any Device) async throws -> StrataStore {
        let store = try await open(device)
        try await append(store, to: stream)
        for _ in 1...2 { try await append(store) }
        _ = try await store.events.delete(stream, mode: .soft, expecting: .any)
        return store
    }

    /// Everything that the store has acknowledged is there when the power has been gone, and nothing is damaged.
    private func checkVersions(_ count: Int) async throws {
        let power = SimulatedDevice(device.storage.afterTotalLoss)
        #expect(try StrataStore.verify(on: power).isSound)
        #expect(try await open(power).events.version(of: other) == count)
    }

    @Test func aRolloverThatFailsDoesNotTakeACompactedSegmentWithIt() async throws {
        let isAppended = Mutex<Bool?>(nil)
        let opened = Mutex<StrataStore?>(nil)
        let shared = SharedDirectoryDevice(device)
        shared.afterCreate = { [other] name in
            guard name.hasPrefix("events/"), name.contains("-"), name.hasSuffix(".seg") else { return }
            shared.failsNextSync.store(true, ordering: .relaxed)
            let store = opened.withLock { $0 }
            waiting {
                let event = sampleEvent(String(repeating: "x", count: 40_000))
                let result = try? await store?.events.append([event], to: other, expecting: .any)
                isAppended.withLock { $0 = result != nil }
            }
        }
        let store = try await makeCompactable(on: shared)
        opened.withLock { $0 = store }
        await #expect(throws: StrataError.self) { _ = try await store.compact(compaction).report() }
        #expect(isAppended.withLock { $0 } == false)
        #expect(device.struck.map(\.operation) == [.syncDirectory])
        opened.withLock { $0 = nil }
        shared.afterCreate = { _ in }
        try await append(store)
        _ = try await store.compact(compaction).report()
        try await store.close()
        try await checkVersions(3)
    }

    @Test func aCompactionThatFailsDoesNotTakeTheNextSegmentWithIt() async throws {
        let isMade = DispatchSemaphore(value: 0)
        let hasFailed = DispatchSemaphore(value: 0)
        let isRemoving = DispatchSemaphore(value: 0)
        let shared = SharedDirectoryDevice(device)
        let store = try await makeCompactable(on: shared)
        shared.beforeRemove = { name in
            guard name == StoreLayout.eventSegment(1) else { return }
            isRemoving.signal()
            isMade.wait()
            shared.failsNextSync.store(true, ordering: .relaxed)
        }
        shared.afterCreate = { name in
            guard name.hasPrefix("events/"), !name.contains("-"), name.hasSuffix(".seg") else { return }
            isMade.signal()
            hasFailed.wait()
        }
        shared.afterFailure = { hasFailed.signal() }
        async let report = store.compact(compaction).report()
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                isRemoving.wait()
                continuation.resume()
            }
        }
        await #expect(throws: EventStoreError.self) { try await append(store) }
        #expect(try await report.leftovers == [StoreLayout.eventSegment(1)])
        #expect(device.struck.map(\.operation) == [.syncDirectory])
        shared.beforeRemove = { _ in }
        shared.afterCreate = { _ in }
        try await append(store)
        try await store.close()
        try await checkVersions(3)
    }

    // What was removed does not come back.

    /// Snapshots of two streams in one segment.
    private func withSnapshots(_ device: SimulatedDevice) async throws -> StrataStore {
        let store = try await open(device)
        for stream in [stream, other] {
            try await append(store, bytes: 10, to: stream)
            try await save(store, stream)
        }
        return store
    }

    @Test(arguments: [false, true])
    func aDeletedSnapshotStaysDeletedBehindACompactionThatFailed(dies: Bool) async throws {
        let rehearsal = SimulatedDevice(seed: 1)
        let rehearsed = try await withSnapshots(rehearsal)
        let before = rehearsal.calls
        try await save(rehearsed, other)
        rehearsal.keepCalls()
        _ = try await rehearsed.compact(compaction).report()
        let isRemoval = { (call: DeviceCall) in call.operation == .syncDirectory && call.name == "snapshots" }
        let sync = try #require(rehearsal.log.last(where: isRemoval)).number - before

        var store = try await withSnapshots(device)
        device.inject([lostSync(device.calls + sync)])
        try await save(store, other)
        await #expect(throws: StrataError.self) { _ = try await store.compact(compaction).report() }
        #expect(device.struck.map(\.operation) == [.syncDirectory])
        var next = device
        if dies {
            next = device.afterProcessDeath()
            next.clearFaults()
            store = try await open(next)
        }
        _ = try await store.snapshots.delete(for: stream)
        _ = try await store.compact(compaction).report()
        #expect(try next.list("snapshots").count == 1)
        let power = SimulatedDevice(next.storage.afterTotalLoss)
        #expect(try await latest(power, stream) == nil)
        #expect(try await latest(power, other) != nil)
    }

    /// A snapshot that fills a segment, so that its deletion stands in the next one.
    private func saveAndDeleteLarge(_ store: StrataStore) async throws {
        try await append(store, bytes: 10, to: stream)
        var randomness = SeededRandomness(seed: 3)
        try await store.snapshots.save(
            Snapshot(
                stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes(randomness.bytes(64 << 10))))
        _ = try await store.snapshots.delete(for: stream)
    }

    @Test func segmentsOfSnapshotsGoFromTheFirstToTheLast() async throws {
        let store = try await open(device)
        try await saveAndDeleteLarge(store)
        let calls = try await device.changes { _ = try await store.compact(compaction).report() }
        let removal = removing("snapshots/1.seg", "snapshots/2.seg", from: "snapshots", inOrder: true)
        #expect(Array(calls.suffix(removal.count)) == removal)
        try await store.close()
    }

    @Test func aReaderPassesOverWhatIsLeftOfASegment() async throws {
        let store = try await withSnapshots(device)
        try await save(store, other)
        try await store.close()
        let reader = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        let writer = try await open(device)
        let removal = try await SimulatedDevice(device.storage).removal(in: compaction, options)
        device.inject([DeviceFault(atCall: device.calls + removal, .error(EIO))])
        await #expect(throws: StrataError.self) { _ = try await writer.compact(compaction).report() }
        #expect(device.struck.map(\.operation) == [.remove])
        #expect(try await reader.snapshots.latest(for: stream) != nil)
        try await writer.close()
    }

    @Test func aDeletedSnapshotStaysDeletedInABackupBehindOneThatFailed() async throws {
        let source = SimulatedDevice(seed: 2)
        let store = try await open(source)
        try await saveAndDeleteLarge(store)
        _ = try StrataStore.backup(of: source, to: device)
        #expect(try device.list("snapshots").count == 2)
        _ = try await store.compact(compaction).report()
        let syncs = try await device.numbers(of: .syncDirectory, "snapshots") {
            _ = try StrataStore.backup(of: source, to: $0)
        }
        // The first one is of what was brought.
        device.inject([lostSync(device.calls + syncs[1])])
        #expect(throws: StrataError.self) { _ = try StrataStore.backup(of: source, to: device) }
        device.clearFaults()
        _ = try StrataStore.backup(of: source, to: device)
        let power = SimulatedDevice(device.storage.afterTotalLoss)
        let copy = try await StrataStore.open(on: power, options: StrataOptions(access: .readOnly))
        #expect(try await copy.snapshots.latest(for: stream) == nil)
    }

    /// Makes a store of a backup that was cut off behind a segment with later events, or of a complete one.
    private func makeBackup(isCutOff: Bool) async throws {
        let source = SimulatedDevice(seed: 2)
        let store = try await open(source)
        // Beside a writer, the last one is not known to be durable.
        for _ in 1...2 { try await append(store, bytes: 10) }
        _ = try StrataStore.backup(of: source, to: device)
        guard isCutOff else { return }
        for _ in 1...2 { try await append(store) }
        let install = try await device.number(of: .create, "MANIFEST.new") {
            _ = try StrataStore.backup(of: source, to: $0)
        }
        device.inject([DeviceFault(atCall: device.calls + install, .error(EIO))])
        #expect(throws: StrataError.self) { _ = try StrataStore.backup(of: source, to: device) }
        device.clearFaults()
        #expect(try device.list("events").count > 1)
    }

    /// Opens a store at whose opening a sync of a directory fails, appends to it in the next process, and tells what is there
    /// when the power has been gone, which must be all.
    private func appendBehindAnOpening(failingAt call: Int) async throws -> SimulatedDevice {
        let before = try await open(SimulatedDevice(device.storage)).events.version(of: other)
        device.inject([lostSync(device.calls + call)])
        await #expect(throws: StrataError.self) { _ = try await open(device) }
        #expect(device.struck.last?.operation == .syncDirectory)
        let next = device.afterProcessDeath()
        next.clearFaults()
        let store = try await open(next)
        #expect(try await append(store, bytes: 10) == before + 1)
        let power = SimulatedDevice(next.storage.afterTotalLoss)
        #expect(try await open(SimulatedDevice(power.storage)).events.version(of: other) == before + 1)
        return power
    }

    @Test func whatAnUnfinishedBackupHasBroughtDoesNotComeBack() async throws {
        try await makeBackup(isCutOff: true)
        let sync = try await device.number(of: .syncDirectory, "events") { try await open($0).close() }
        _ = try await appendBehindAnOpening(failingAt: sync)
    }

    @Test func aStoreThatWasMadeOfABackupStaysOne() async throws {
        try await makeBackup(isCutOff: false)
        let sync = try await device.lastNumber(of: .syncDirectory, ".") { try await open($0).close() }
        let power = try await appendBehindAnOpening(failingAt: sync)
        #expect(try !BackupMarker.isPresent(on: power))
    }

    /// A closed store with a snapshot in a sound segment, and its deletion in the next one, which is damaged.
    private func makeDamagedSnapshots() async throws {
        let store = try await open(device)
        try await saveAndDeleteLarge(store)
        try await store.close()
        let file = try StoreFile(StoreLayout.snapshotSegment(2), .readWrite, on: device)
        try file.write([0xFF].span.bytes, at: Format.segmentHeaderBytes + 5)
        try file.sync()
    }

    @Test(arguments: ["quarantine", "snapshots"])
    func damagedSnapshotsStayInQuarantine(directory: String) async throws {
        try await makeDamagedSnapshots()
        let sync = try await device.number(of: .syncDirectory, directory) {
            _ = try StrataStore.recover(on: $0, dryRun: false)
        }
        let before = Set((1...2).compactMap { device.storage.contents[StoreLayout.snapshotSegment($0)]?.count })
        device.inject([lostSync(device.calls + sync)])
        #expect(throws: StrataError.self) { _ = try StrataStore.recover(on: device, dryRun: false) }
        let next = device.afterProcessDeath()
        next.clearFaults()
        next.keepImages()
        _ = try StrataStore.recover(on: next, dryRun: false)
        for image in next.images {
            #expect(try await latest(SimulatedDevice(image.storage.afterTotalLoss), stream) == nil, "\(image.call)")
        }
        let power = SimulatedDevice(next.storage.afterTotalLoss)
        #expect(try await latest(power, stream) == nil)
        #expect(before.count == 2)
        #expect(Set(try Quarantine(power).files().map(\.bytes)) == before)
    }

    @Test func whatWasPurgedStaysAway() async throws {
        try await open(device).close()
        let file = try StoreFile("quarantine/kept", .create, on: device)
        try file.write([1].span.bytes, at: 0)
        try file.sync()
        try device.syncDirectory("quarantine")
        let sync = try await device.number(of: .syncDirectory, "quarantine") { _ = try Quarantine($0).purge() }
        device.inject([lostSync(device.calls + sync)])
        #expect(throws: StrataError.self) { try Quarantine(device).purge() }
        _ = try Quarantine(device).purge()
        #expect(try device.list("quarantine").isEmpty)
        #expect(try Quarantine(SimulatedDevice(device.storage.afterTotalLoss)).files().isEmpty)
    }

    @Test func aFullDiskCanBePurged() async throws {
        try await open(device).close()
        try StoreFile("quarantine/kept", .create, on: device).write([1].span.bytes, at: 0)
        device.inject([DeviceFault(atCall: device.calls, .error(ENOSPC), isPersistent: true)])
        #expect(try Quarantine(device).purge().map(\.name) == ["kept"])
        #expect(try device.list("quarantine").isEmpty)
    }

    // What is there may be in the page cache alone.

    @Test func aDirectoryThatWasMissingIsDurableBeforeWhatComesIntoIt() async throws {
        try await open(device).close()
        try device.rename("snapshots", to: "old")
        try device.syncDirectory(".")
        let store = try await open(device)
        try await append(store, bytes: 10)
        try await save(store, other)
        _ = try await store.events.truncate(other, before: 2, expecting: .any)
        #expect(try await latest(SimulatedDevice(device.storage.afterTotalLoss), other) != nil)
    }

    @Test func aDamagedStoreIsNotGivenADirectory() async throws {
        let store = try await open(device)
        for _ in 1...2 { try await append(store) }
        try await store.close()
        try device.rename("snapshots", to: "old")
        let file = try StoreFile(StoreLayout.eventSegment(1), .readWrite, on: device)
        try file.write([0xFF].span.bytes, at: 1_000)
        let changes = try await device.changes {
            await #expect(throws: StrataError.self) { _ = try await open(device) }
        }
        #expect(changes.allSatisfy { $0.hasSuffix(" LOCK") || $0.hasPrefix("sync") })
    }

    @Test func snapshotsStayWhereEventsAreDamaged() async throws {
        let store = try await withSnapshots(device)
        for version in 2...3 {
            try await append(store, bytes: 10)
            try await save(store, other, version: version)
        }
        store.reader.index.noteIncomplete()
        let segments = try device.list("snapshots")
        _ = try await store.compact(compaction).report()
        #expect(try device.list("snapshots") == segments)
    }
}

extension SimulatedDevice {
    /// The number of the call that removes the first segment of snapshots, counted from the beginning of a compaction.
    fileprivate func removal(in compaction: CompactionOptions, _ options: StrataOptions) async throws -> Int {
        let store = try await StrataStore.open(on: self, options: options)
        let before = calls
        keepCalls()
        _ = try await store.compact(compaction).report()
        let isRemoval = { (call: DeviceCall) in call.operation == .remove && call.name == StoreLayout.snapshotSegment(1)
        }
        return try #require(log.first(where: isRemoval)).number - before
    }
}
