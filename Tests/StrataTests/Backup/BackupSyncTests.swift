import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// In which order a backup, and a store that is made of one, become durable.
@Suite struct BackupSyncTests {
    private let source = SimulatedDevice(seed: 1)
    private let target = SimulatedDevice(seed: 2)
    private let stream = StreamID("Order", UUID())
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    private static let locking = ["create LOCK", "truncate LOCK", "write LOCK"]
    private static let directories = [
        "createDirectory events", "createDirectory snapshots", "createDirectory quarantine",
    ]
    private static let copyingTheRest = [
        "create events/2.seg.new", "write events/2.seg.new", "sync events/2.seg.new", "write events/2.seg.new",
        "sync events/2.seg.new", "rename events/2.seg.new",
        "create snapshots/1.seg.new", "write snapshots/1.seg.new", "sync snapshots/1.seg.new",
        "rename snapshots/1.seg.new",
    ]
    private static let installing =
        ["syncDirectory snapshots", "syncDirectory events"] + replacing("MANIFEST") + replacing("BACKUP")

    private func open(_ device: SimulatedDevice) async throws -> StrataStore {
        try await StrataStore.open(on: device, options: options)
    }

    private func snapshot(at version: Int) -> Snapshot {
        Snapshot(stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}"))
    }

    /// A closed store with a sealed segment, an active one and a segment of snapshots.
    private func makeStore() async throws {
        let store = try await open(source)
        for _ in 1...2 {
            let event = sampleEvent(String(repeating: "x", count: 40_000))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        try await store.snapshots.save(snapshot(at: 1))
        try await store.close()
    }

    @Test func aNewBackup() async throws {
        try await makeStore()
        let calls = try await target.changes { _ = try StrataStore.backup(of: source, to: target) }
        #expect(Array(calls.prefix(3)) == Self.locking)
        #expect(Array(calls[3..<9]) == replacing("BACKUP") + ["syncParent ."])
        #expect(Array(calls[9..<13]) == Self.directories + ["syncDirectory ."])
        #expect(
            Array(calls[13..<16]) == ["link events/1.seg.new", "sync events/1.seg.new", "rename events/1.seg.new"])
        #expect(Array(calls[16...]) == Self.copyingTheRest + Self.installing)
    }

    @Test func aBackupThatSharesNothing() async throws {
        try await makeStore()
        let options = BackupOptions(usesHardLinks: false)
        let calls = try await target.changes { _ = try StrataStore.backup(of: source, to: target, options: options) }
        #expect(
            Array(calls[13..<17])
                == [
                    "create events/1.seg.new", "write events/1.seg.new", "sync events/1.seg.new",
                    "rename events/1.seg.new",
                ])
        #expect(Array(calls[17...]) == Self.copyingTheRest + Self.installing)
    }

    /// A snapshot in a segment of its own, whose deletion stands in the next one.
    private func saveAndDelete(_ store: StrataStore, isDeletedAfter body: () async throws -> Void) async throws {
        _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
        var randomness = SeededRandomness(seed: 3)
        try await store.snapshots.save(
            Snapshot(
                stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes(randomness.bytes(64 << 10))))
        try await body()
        try await store.snapshots.delete(for: stream)
    }

    @Test func whatABackupDoesNotNeedAnyLongerGoesFromTheFirstToTheLast() async throws {
        let store = try await open(source)
        try await saveAndDelete(store) {}
        _ = try StrataStore.backup(of: source, to: target)
        try await store.events.delete(stream, mode: .soft, expecting: .any)
        _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
        let calls = try await target.changes { _ = try StrataStore.backup(of: source, to: target) }
        let installed = try #require(calls.firstIndex(of: "rename MANIFEST.new"))
        #expect(
            Array(calls[(installed + 2)...])
                == removing("events/1.seg", from: "events")
                + removing("snapshots/1.seg", "snapshots/2.seg", from: "snapshots", inOrder: true)
                + replacing("BACKUP"))
        try await store.close()
    }

    @Test func aDeletedSnapshotDoesNotComeBackIntoABackup() async throws {
        let store = try await open(source)
        try await saveAndDelete(store) { _ = try StrataStore.backup(of: source, to: target) }
        _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
        _ = try StrataStore.backup(of: source, to: target)
        try await store.close()
        let copy = SimulatedDevice(target.storage.afterTotalLoss)
        let backup = try await StrataStore.open(on: copy, options: StrataOptions(access: .readOnly))
        #expect(try await backup.snapshots.latest(for: stream) == nil)
    }

    @Test func aSnapshotThatAFailedSyncHasLeftInTheCacheIsDurableInABackup() async throws {
        let store = try await open(source)
        _ = try await store.events.append([sampleEvent(), sampleEvent()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot(at: 1))
        source.inject([DeviceFault(atCall: source.calls, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { try await store.snapshots.delete(for: stream) }
        try await store.snapshots.save(snapshot(at: 2))
        // One segment cannot be appended to any more, and another has begun.
        #expect(try source.list("snapshots").count == 2)
        _ = try StrataStore.backup(of: source, to: target)
        try await store.close()
        let names = try target.list("snapshots")
        let copy = SimulatedDevice(target.storage.afterTotalLoss)
        for name in names {
            let kinds = try StrataStore.inspectSegment("snapshots/\(name)", on: target).frames.map(\.kind)
            #expect(try StrataStore.inspectSegment("snapshots/\(name)", on: copy).frames.map(\.kind) == kinds)
            #expect(kinds.contains("snapshot"))
        }
    }

    @Test func damageAtTheEndOfABackupIsNoTornTail() async throws {
        let store = try await open(source)
        // The second one tells that the first is durable, and is not known to be so itself.
        for _ in 1...2 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
        _ = try StrataStore.backup(of: source, to: target)
        try await store.close()
        let name = "events/00000000000000000001.seg"
        let frames = try StrataStore.inspectSegment(name, on: target).frames
        #expect(frames.map(\.kind) == ["open", "commit", "mark"])
        let file = try StoreFile(name, .readWrite, on: target)
        let place = frames[1].offset + frames[1].length - 20
        try file.write([try file.read(1, at: place)[0] ^ 1].span.bytes, at: place)
        let report = try StrataStore.verify(on: target)
        #expect(report.damage.map(\.offset) == [frames[1].offset])
    }

    @Test func aBackupThatBecomesAStore() async throws {
        try await makeStore()
        _ = try StrataStore.backup(of: source, to: target)
        for name in ["events/1.seg.new", "snapshots/1.seg.new"] { _ = try target.open(name, .create) }
        let calls = try await target.changes { try await open(target).close() }
        let begin = try #require(calls.firstIndex(of: "remove events/1.seg.new"))
        #expect(
            Array(calls[begin..<begin + 6])
                == ["remove events/1.seg.new", "remove snapshots/1.seg.new"] + removing("BACKUP", from: "."))
    }

    @Test func aRestoredStore() async throws {
        try await makeStore()
        let calls = try await target.changes { _ = try StrataStore.restore(source, to: target) }
        let copies = ["events/1.seg", "events/2.seg", "snapshots/1.seg"].flatMap { name in
            ["create", "write", "sync", "rename"].map { "\($0) \(name).new" }
        }
        #expect(
            calls
                == Self.locking + replacing("SALVAGE") + Self.directories + ["syncDirectory ."] + copies + [
                    "syncDirectory events", "syncDirectory snapshots",
                ]
                + replacing("MANIFEST") + ["syncParent ."] + removing("SALVAGE", from: "."))
    }

    /// Whether something fails where the destination's entry in its parent cannot be made durable.
    private func fails(_ number: Int32, _ body: (SimulatedDevice) throws -> BackupReport) async throws -> Bool {
        let call = try await target.number(of: .syncParent, ".") { _ = try body($0) }
        let device = SimulatedDevice(target.storage)
        device.inject([DeviceFault(atCall: call, .error(number))])
        do {
            _ = try body(device)
            return false
        } catch {
            return true
        }
    }

    /// Whoever may write there need not be allowed to sync the parent.
    private static let failures: [(number: Int32, matters: Bool)] = [(EIO, true), (EACCES, false), (EPERM, false)]

    @Test(arguments: failures)
    func theEntryOfABackupIsDurableEvenWhereAnotherRunMadeIt(_ failure: (number: Int32, matters: Bool)) async throws {
        try await makeStore()
        _ = try StrataStore.backup(of: source, to: target)
        #expect(try await fails(failure.number) { try StrataStore.backup(of: source, to: $0) } == failure.matters)
    }

    @Test(arguments: failures)
    func theEntryOfARestoredStoreIsDurable(_ failure: (number: Int32, matters: Bool)) async throws {
        try await makeStore()
        #expect(try await fails(failure.number) { try StrataStore.restore(source, to: $0) } == failure.matters)
    }
}
