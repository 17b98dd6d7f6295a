import EventSourcing
import Foundation
import StrataTesting
import Synchronization
import Testing

@testable import FuzzHarness
@testable import Strata

/// Whoever reads a store while a writer changes it sees what is durable, and no damage.
@Suite struct BesideWriterTests {
    private let directory = TemporaryDirectory()

    // MARK: What was read before it was written

    @Test func whatAWriterWritesBetweenTwoReadsIsNoDamage() throws {
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 1)
        let border = segment.bytes.count
        // More than is read at once, so that the mark is read later.
        let long = sampleEvent(String(repeating: "l", count: 3 << 20))
        segment.append(EncodedCommit([long], of: sampleStream()), epoch: 1, position: 2)
        let end = segment.bytes.count
        segment.append(.mark, epoch: 1) { $0.durableMark = end }
        let base = try CraftedSegment.device([segment])
        let identity = SegmentIdentity(number: 1)
        let file = try StoreFile(identity.name, .readWrite, on: base)
        // Room that the file was given, in which the writer has come no further yet.
        let zeros = [UInt8](repeating: 0, count: segment.bytes.count - border)
        try file.write(zeros.span.bytes, at: border)
        let written = Array(segment.bytes[border...])
        let device = AlteredDevice(base, identity.name) {
            $0.afterRead = { if $0.contains(border) { try? file.write(written.span.bytes, at: border) } }
        }
        var scanner = SegmentScanner(identity, storeID: StoreImage.storeID, isSealed: false, on: device)
        let scan = try scanner.run { _, _, _ in }
        #expect(scan.damage == [])
        #expect(scan.commitCount == 2)
        #expect(scan.durableMark == end)
    }

    @Test func damageBeforeAMarkIsFoundAtTheSecondLook() throws {
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 1)
        let damaged = segment.bytes.count
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 2)
        let end = segment.bytes.count
        segment.append(.mark, epoch: 1) { $0.durableMark = end }
        let device = try CraftedSegment.device([segment])
        let identity = SegmentIdentity(number: 1)
        let file = try StoreFile(identity.name, .readWrite, on: device)
        try file.write([UInt8(0)].span.bytes, at: end - 16)
        var scanner = SegmentScanner(identity, storeID: StoreImage.storeID, isSealed: false, on: device)
        let damage = try scanner.run { _, _, _ in }.damage
        #expect(damage.map(\.offset) == [damaged])
        #expect(damage.map(\.length) == [end - damaged])
    }

    // MARK: A writer that comes during the walk

    /// A device on which a writer appends an event and holds the lock, once the active segment is opened; no frame says yet
    /// that the event is durable.
    private func deviceWithAWriterThatComes(passing: Int = 0) async throws -> InterferingDevice {
        let options = StrataOptions(idleMarkDelay: nil)
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.append([sampleEvent("durable")], to: sampleStream(), expecting: .any)
        }
        let files = StoreFiles(directory)
        let before = try files.contents()
        let after = try await StrataStore.with(directory, options) { store in
            _ = try await store.events.append([sampleEvent("on its way")], to: sampleStream(), expecting: .any)
            return try files.contents()
        }
        try files.replaceContents(with: before)
        let lock = Mutex<WriterLock?>(nil)
        let segment = try #require(try files.segments().last)
        return InterferingDevice(try FileSystemDevice(path: directory.path), before: segment, passing: passing) {
            device, _ in
            try? files.replaceContents(with: after)
            lock.withLock { $0 = try? WriterLock.take(on: device) }
        }
    }

    @Test func aReaderDoesNotShowWhatAWriterThatComesHasNotSynced() async throws {
        let device = try await deviceWithAWriterThatComes()
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        #expect(try await store.allEvents().map(\.payload) == [sampleEvent("durable").payload])
        #expect(store.damage.isEmpty)
        try await store.close()
    }

    @Test func verifyingCountsNotWhatAWriterThatComesHasNotSynced() async throws {
        let device = try await deviceWithAWriterThatComes()
        let progress = Mutex<[JobProgress]>([])
        let report = try StrataStore.verify(on: device) { shown in progress.withLock { $0.append(shown) } }
        #expect(report.events == 1)
        #expect(report.isSound)
        let (done, totals) = progress.withLock { ($0.map(\.bytesDone), $0.map(\.bytesTotal)) }
        #expect(done == done.sorted())
        #expect(totals == totals.sorted())
    }

    @Test func aBackupHoldsNotWhatAWriterThatComesHasNotSynced() async throws {
        let target = TemporaryDirectory()
        let device = try await deviceWithAWriterThatComes(passing: 1)
        _ = try StrataStore.backup(
            of: device, to: FileSystemDevice.open(storeAt: target.path, createIfMissing: true))
        let events = try await StrataStore.with(target, StrataOptions(access: .readOnly)) { try await $0.allEvents() }
        #expect(events.map(\.payload) == [sampleEvent("durable").payload])
    }

    // MARK: A manifest that is replaced all the time

    @Test func damageIsReportedWhateverIsSealedMeanwhile() throws {
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 1)
        let damaged = segment.bytes.count
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 2)
        let end = segment.bytes.count
        segment.append(.mark, epoch: 1) { $0.durableMark = end }
        let base = try CraftedSegment.device([segment])
        let name = SegmentIdentity(number: 1).name
        try StoreFile(name, .readWrite, on: base).write([UInt8(0)].span.bytes, at: end - 16)
        let openings = Mutex(0)
        let device = AlteredDevice(base, StoreLayout.manifest) {
            $0.beforeOpen = {
                let count = openings.withLock { count in
                    count += 1
                    return count
                }
                // So that it ends, whatever is done about it.
                guard count < 40 else { return }
                let manifest = Manifest(
                    storeID: StoreImage.storeID, generation: UInt64(count), createdAt: .distantPast, sealed: [],
                    active: 1)
                try? StoreFile(StoreLayout.manifest, .readWrite, on: base).write(manifest.encoded().span.bytes, at: 0)
            }
        }
        #expect(try StrataStore.verify(on: device).damage.map(\.offset) == [damaged])
        #expect(openings.withLock { $0 } < 5)
        openings.withLock { $0 = 0 }
        let opened = try ReaderOpening(on: device, options: StrataOptions(access: .readOnly)).run()
        #expect(opened.log.damage.map(\.offset) == [damaged])
        #expect(openings.withLock { $0 } < 5)
    }

    // MARK: Files that go

    private func storeWithSnapshot() async throws {
        let stream = sampleStream()
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("state")))
        }
        try StoreFiles(directory).write([1], to: "quarantine/gone.torn")
        try StoreFiles(directory).write([1, 2, 3], to: "quarantine/left.torn")
    }

    private func removing(_ prefix: String) throws -> InterferingDevice {
        InterferingDevice(try FileSystemDevice(path: directory.path), before: prefix) { device, name in
            try? device.remove(name)
        }
    }

    @Test func aSegmentOfSnapshotsThatGoesIsNotMissed() async throws {
        try await storeWithSnapshot()
        let report = try StrataStore.verify(on: removing("snapshots/"))
        #expect(report.isSound)
        #expect(report.snapshots == 0)
    }

    @Test func aFileThatGoesFromQuarantineIsNotCounted() async throws {
        try await storeWithSnapshot()
        let left = [QuarantinedFile(name: "left.torn", bytes: 3)]
        #expect(try Quarantine(removing("quarantine/gone")).files() == left)
        try StoreFiles(directory).write([1], to: "quarantine/gone.torn")
        let store = try await StrataStore.open(
            on: removing("quarantine/gone"), options: StrataOptions(access: .readOnly))
        let statistics = try await store.statistics()
        #expect(statistics.quarantinedFiles == 1)
        #expect(statistics.quarantinedBytes == 3)
        try await store.close()
    }
}
