import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A backup and a store that are mistaken for each other, or that two processes work on, do no harm.
@Suite struct BackupDestinationTests {
    private let source = SimulatedDevice(seed: 1)
    private let target = SimulatedDevice(seed: 2)
    private let stream = sampleStream("Order")
    private let options = StrataOptions(segmentBytes: 4 << 10, idleMarkDelay: nil)
    private static let segment = "events/00000000000000000001.seg"

    private func append(_ count: Int, on device: SimulatedDevice) async throws {
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 0..<count {
            let event = sampleEvent(String(repeating: "x", count: 300))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        try await store.close()
    }

    /// The events of a sound store or backup.
    private func events(of device: SimulatedDevice) async throws -> [RecordedEvent] {
        #expect(try StrataStore.verify(on: device).isSound)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        return try await store.allEvents()
    }

    private func code(of body: () throws -> BackupReport) -> StrataError.Code? {
        #expect(throws: StrataError.self) { _ = try body() }?.code
    }

    /// The target, which somebody opens for writing right before a file of some name is opened.
    private func destination(writtenBefore prefix: String) -> InterferingDevice {
        InterferingDevice(target, before: prefix) { [options] device, _ in
            _ = try? WriterOpening(on: device, options: options).run()
        }
    }

    @Test func aBackupWithoutRoomForAManifestBecomesNoStore() async throws {
        try await append(1, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        let call = try await target.number(of: .create, "MANIFEST.new") { try await append(1, on: $0) }
        let full = SimulatedDevice(target.storage)
        full.inject([DeviceFault(atCall: call, .error(ENOSPC))])
        let error = await #expect(throws: StrataError.self) { try await append(1, on: full) }
        #expect(error?.code == .storageFull)
    }

    @Test func aBackupThatBecomesAStoreMeanwhileIsNotTouched() async throws {
        try await append(1, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        try await append(1, on: source)
        let destination = destination(writtenBefore: "LOCK")
        #expect(code { try StrataStore.backup(of: source, to: destination) } == .cannotCreate)
        #expect(try await events(of: target).count == 1)
    }

    @Test func aStoreThatIsMadeMeanwhileIsNoBackup() async throws {
        try await append(1, on: source)
        let destination = destination(writtenBefore: "")
        #expect(code { try StrataStore.backup(of: source, to: destination) } == .cannotCreate)
        #expect(target.storage.contents["BACKUP"] == nil)
    }

    /// The copy has fewer events than the backup, others in its last segment, or sealed the segment.
    @Test(arguments: [0, 3, 30])
    func aBackupOfACopyDoesNotTakeTheEventsThatTheCopyDoesNotHave(_ count: Int) async throws {
        try await append(2, on: source)
        let copy = SimulatedDevice(source.storage)
        try await append(2, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        let before = try await events(of: target)
        if count > 0 { try await append(count, on: copy) }
        #expect(code { try StrataStore.backup(of: copy, to: target) } == .cannotCreate)
        #expect(try await events(of: target) == before)
    }

    @Test(arguments: [0, 3, 30])
    func aStoreThatWasRestoredFromABackupGoesOnWithIt(_ count: Int) async throws {
        try await append(2, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        let restored = SimulatedDevice()
        _ = try StrataStore.restore(target, to: restored)
        if count > 0 { try await append(count, on: restored) }
        _ = try StrataStore.backup(of: restored, to: target)
        #expect(try await events(of: target).count == 2 + count)
    }

    /// Flips a bit in a commit of the first segment.
    private func damage(_ device: SimulatedDevice, commit: (Int) -> Int) throws {
        let frames = try StrataStore.inspectSegment(Self.segment, on: device).frames.filter { $0.kind == "commit" }
        let frame = frames[commit(frames.count)]
        let place = frame.offset + frame.length - 20
        let file = try StoreFile(Self.segment, .readWrite, on: device)
        try file.write([try file.read(1, at: place)[0] ^ 1].span.bytes, at: place)
    }

    @Test func aDamagedCopyOfTheLastSegmentIsReplaced() async throws {
        try await append(2, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        try damage(target) { $0 - 1 }
        _ = try StrataStore.backup(of: source, to: target)
        #expect(try await events(of: target).count == 2)
    }

    /// The store still appends to the segment, or has sealed it; the backup has the damaged commit already, or has not.
    @Test(arguments: [3, 30], [true, false])
    func damageInTheLastSegmentDoesNotReachTheBackup(_ count: Int, isOld: Bool) async throws {
        try await append(2, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        let before = target.storage.contents
        try await append(count, on: source)
        try damage(source) { isOld ? 0 : $0 - 1 }
        #expect(code { try StrataStore.backup(of: source, to: target) } == .damaged)
        #expect(target.storage.contents[Self.segment] == before[Self.segment])
    }

    @Test func nobodyWritesWhereAStoreIsRestored() async throws {
        try await append(1, on: source)
        let other = Mutex<StrataError.Code?>(nil)
        let destination = InterferingDevice(target, before: "events/") { device, _ in
            do throws(StrataError) { _ = try WriterLock.take(on: device) } catch {
                other.withLock { $0 = error.code }
            }
        }
        _ = try StrataStore.restore(source, to: destination)
        #expect(other.withLock { $0 } == .locked)
        #expect(try await events(of: target).count == 1)
    }

    @Test func nothingIsRestoredWhereAStoreIsMadeMeanwhile() async throws {
        try await append(1, on: source)
        let destination = destination(writtenBefore: "LOCK")
        #expect(code { try StrataStore.restore(source, to: destination) } == .cannotCreate)
        #expect(try await events(of: target).isEmpty)
    }
}
