import EventSourcing
import Foundation
import Testing

@testable import Strata

/// A backup is a store: it verifies and opens, beside a writer or without one, new or brought up to date.
@Suite struct BackupTests {
    private let directory = TemporaryDirectory()
    private let target = TemporaryDirectory()
    private let order = sampleStream("Order")
    private let cart = sampleStream("Cart")

    /// A store of small segments.
    private func open() async throws -> StrataStore {
        let device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        return try await StrataStore.open(on: device, options: StrataOptions(segmentBytes: 2 << 10, idleMarkDelay: nil))
    }

    private func fill(_ store: StrataStore, _ count: Int = 30) async throws {
        for number in 0..<count {
            let stream = number.isMultiple(of: 3) ? cart : order
            _ = try await store.events.append([sampleEvent("\(number)")], to: stream, expecting: .any)
        }
        let version = try await store.events.version(of: order)
        try await store.snapshots.save(snapshot(at: version))
    }

    private func snapshot(at version: Int) -> Snapshot {
        Snapshot(
            stream: order, version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("\(version)"))
    }

    private func backUp(_ options: BackupOptions = BackupOptions()) async throws -> BackupReport {
        try await StrataStore.backup(of: directory.path, to: target.path, options: options)
    }

    /// The events and the snapshot of a sound store.
    private func contents(of directory: TemporaryDirectory) async throws -> (events: [RecordedEvent], version: Int?) {
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound, "\(report)")
        #expect(report.tornTail == nil)
        return try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
            (try await store.allEvents(), try await store.snapshots.latest(for: order)?.version)
        }
    }

    private func codeOfBackup() async -> StrataError.Code? {
        do throws(StrataError) {
            _ = try await StrataStore.backup(of: directory.path, to: target.path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func aBackupOfAClosedStoreHoldsEverything() async throws {
        let store = try await open()
        try await fill(store)
        try await store.events.truncate(order, before: 5, expecting: .any)
        let events = try await store.allEvents()
        try await store.close()
        let report = try await backUp()
        #expect(report.events == 30)
        #expect(report.lastPosition == 30)
        #expect(report.segments > 2)
        let found = try await contents(of: target)
        #expect(found.events == events)
        #expect(found.version == 20)
    }

    @Test func aBackupBesideAWriterHoldsWhatIsKnownToBeDurable() async throws {
        let store = try await open()
        try await fill(store)
        let before = try await store.allEvents()
        // The last commit's durability is known only from a later frame.
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        _ = try await backUp()
        let found = try await contents(of: target)
        #expect(found.events == before)
        #expect(found.version == 20)
        try await fill(store)
        try await store.close()
        _ = try await backUp()
        let later = try await contents(of: target)
        #expect(later.events.count == 61)
    }

    @Test func anOlderBackupIsBroughtUpToDate() async throws {
        let store = try await open()
        try await fill(store)
        let first = try await backUp(BackupOptions(usesHardLinks: false))
        #expect(first.linkedBytes == 0)
        #expect(first.keptBytes == 0)
        try await fill(store)
        let events = try await store.allEvents()
        try await store.close()
        let second = try await backUp(BackupOptions(usesHardLinks: false))
        #expect(second.keptBytes > 0)
        #expect(second.copiedBytes < first.copiedBytes + second.keptBytes)
        #expect(try await contents(of: target).events == events)
        let third = try await backUp(BackupOptions(usesHardLinks: false))
        #expect(third.keptBytes >= second.keptBytes)
        #expect(try await contents(of: target).events == events)
    }

    /// Until the new manifest is there, the older one calls it the segment that is appended to.
    @Test func aSegmentThatTheOlderBackupShowsIsNotShared() async throws {
        let store = try await open()
        try await fill(store, 3)
        _ = try await backUp()
        let name = try #require(try StoreFiles(directory).segments().last)
        try await fill(store)
        try await store.close()
        let destination = InterferingDevice(try FileSystemDevice(path: target.path), before: "MANIFEST.new") {
            // So that no manifest can be written there.
            try? $0.createDirectory($1)
        }
        #expect(throws: StrataError.self) {
            try StrataStore.backup(of: FileSystemDevice(path: directory.path), to: destination)
        }
        let inodes = try [directory, target].map { directory in
            try FileManager.default.attributesOfItem(atPath: directory.file(name))[.systemFileNumber] as? Int
        }
        #expect(try StoreFiles(directory).read(name) == StoreFiles(target).read(name))
        #expect(inodes[0] != inodes[1])
    }

    @Test func whatARunHasBroughtItselfIsNotKept() async throws {
        let store = try await open()
        try await fill(store)
        let segments = try StoreFiles(directory).segments()
        let source = InterferingDevice(
            try FileSystemDevice(path: directory.path), before: try #require(segments.dropFirst(2).first)
        ) { _, _ in
            waiting { _ = try await store.compact(CompactionOptions(minMergedSegments: 100)).report() }
        }
        let target = target
        let report = try await BlockingReads.run { () throws(StrataError) in
            try StrataStore.backup(
                of: source, to: FileSystemDevice.open(storeAt: target.path, createIfMissing: true))
        }
        #expect(report.keptBytes == 0)
        try await store.close()
    }

    @Test(arguments: [false, true])
    func damagedSnapshotsAreToldOf(isRestored: Bool) async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        if isRestored { #expect(try await backUp().damagedSnapshots.isEmpty) }
        let name = "snapshots/00000000000000000001.seg"
        try StoreFiles(isRestored ? target : directory).flipBit(at: 160, of: name)
        let restored = TemporaryDirectory()
        let report =
            isRestored ? try await StrataStore.restore(target.path, to: restored.path) : try await backUp()
        #expect(report.damagedSnapshots.map(\.file) == [name])
        #expect(report.events == 30)
        let verification = try await StrataStore.verify(at: (isRestored ? restored : target).path)
        #expect(verification.damage.isEmpty && verification.damagedSnapshots == report.damagedSnapshots)
    }

    @Test func sealedSegmentsAreSharedWhereTheFileSystemAllowsIt() async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        let report = try await backUp()
        #expect(report.linkedBytes > 0)
        let segment = try StoreFiles(directory).segments()[0]
        let inodes = try [directory, target].map { directory in
            try FileManager.default.attributesOfItem(atPath: directory.file(segment))[.systemFileNumber] as? Int
        }
        #expect(inodes[0] == inodes[1])
        // The last one is appended to.
        let last = try #require(try StoreFiles(directory).segments().last)
        #expect(try StoreFiles(directory).read(last).count <= StoreFiles(target).read(last).count)
    }

    @Test func aSnapshotThatFitsTheCopiedEventsTakesThePlaceOfOneThatDoesNot() async throws {
        let store = try await open()
        for _ in 1...4 { _ = try await store.events.append([sampleEvent()], to: order, expecting: .any) }
        try await store.snapshots.save(snapshot(at: 3))
        try await store.events.truncate(order, before: 3, expecting: .any)
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        // Nothing behind it tells yet that this one is durable.
        _ = try await store.events.append([sampleEvent()], to: order, expecting: .any)
        try await store.snapshots.save(snapshot(at: 5))
        _ = try await backUp()
        let found = try await contents(of: target)
        #expect(found.events.filter { $0.stream == order }.map(\.version) == [3, 4])
        #expect(found.version == 3)
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        _ = try await backUp()
        #expect(try await contents(of: target).version == 5)
        try await store.close()
    }

    @Test func snapshotsThatACompactionHasDroppedBehindTheCopiedEventsAreNotMissed() async throws {
        var store = try await open()
        for _ in 1...4 { _ = try await store.events.append([sampleEvent()], to: order, expecting: .any) }
        try await store.snapshots.save(snapshot(at: 3))
        try await store.events.truncate(order, before: 3, expecting: .any)
        try await store.close()
        let before = try StoreFiles(directory).contents()
        store = try await open()
        _ = try await store.events.append([sampleEvent()], to: order, expecting: .any)
        try await store.snapshots.save(snapshot(at: 5))
        _ = try await store.compact(CompactionOptions(compression: .none)).report()
        try await store.close()
        let after = try StoreFiles(directory).contents()
        try StoreFiles(directory).replaceContents(with: before)
        let files = StoreFiles(directory)
        // Once the log has been copied.
        let destination = InterferingDevice(
            try FileSystemDevice.open(storeAt: target.path, createIfMissing: true), before: "events/", access: .create
        ) { _, _ in try? files.replaceContents(with: after) }
        _ = try StrataStore.backup(of: FileSystemDevice(path: directory.path), to: destination)
        let found = try await contents(of: target)
        #expect(found.version == 5)
        #expect(found.events.filter { $0.stream == order }.map(\.version) == [3, 4, 5])
    }

    @Test func backupsBesideCompactionsAreWhole() async throws {
        let store = try await open()
        try await fill(store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 1...12 {
                    try await fill(store)
                    try await store.events.truncate(order, before: round * 20, expecting: .any)
                    _ = try await store.compact(CompactionOptions(targetSegmentBytes: 64 << 10)).report()
                }
            }
            group.addTask {
                for number in 1...12 {
                    _ = try await backUp(BackupOptions(usesHardLinks: number.isMultiple(of: 2)))
                    let events = try await contents(of: target).events
                    let versions = events.filter { $0.stream == order }.map(\.version)
                    #expect(versions == Array((versions.first ?? 1)..<(versions.first ?? 1) + versions.count))
                }
            }
            try await group.waitForAll()
        }
        let events = try await store.allEvents()
        try await store.close()
        let report = try await backUp()
        #expect(try await contents(of: target).events == events)
        #expect(report.segments < 12)
    }

    @Test func snapshotsThatGoMeanwhileAreNotWaitedFor() async throws {
        let store = try await open()
        try await fill(store)
        let events = try await store.allEvents()
        try await store.close()
        let source = InterferingDevice(try FileSystemDevice(path: directory.path), before: "snapshots/") {
            device, name in
            try? device.remove(name)
        }
        let destination = try FileSystemDevice.open(storeAt: target.path, createIfMissing: true)
        _ = try StrataStore.backup(of: source, to: destination)
        let found = try await contents(of: target)
        #expect(found.events == events)
        #expect(found.version == nil)
    }

    @Test func anErasureReachesTheBackupThatIsBroughtUpToDate() async throws {
        let marker = "marker-of-what-goes"
        let store = try await open()
        _ = try await store.events.append([sampleEvent(marker)], to: cart, expecting: .noStream)
        try await fill(store)
        _ = try await backUp()
        #expect(try isPresent(marker))
        try await store.events.delete(cart, mode: .soft, expecting: .any)
        _ = try await store.compact(CompactionOptions(compression: .none)).report()
        try await store.close()
        let report = try await backUp()
        #expect(report.removedFiles > 0)
        #expect(try !isPresent(marker))
    }

    /// Whether any file of the backup holds a text.
    private func isPresent(_ text: String) throws -> Bool {
        try StoreFiles(target).contents().values.contains { bytes in
            Data(bytes).range(of: Data(text.utf8)) != nil
        }
    }

    @Test func whatIsNoBackupIsNotTouched() async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        try await StrataStore.with(target) { other in
            _ = try await other.events.append([sampleEvent()], to: order, expecting: .any)
        }
        let before = try StoreFiles(target).contents()
        #expect(await codeOfBackup() == .cannotCreate)
        #expect(try StoreFiles(target).contents() == before)
    }

    @Test func aBackupOfAnotherStoreIsNotTouched() async throws {
        let other = TemporaryDirectory()
        try await StrataStore.with(other) { store in
            _ = try await store.events.append([sampleEvent()], to: order, expecting: .any)
        }
        _ = try await StrataStore.backup(of: other.path, to: target.path)
        let store = try await open()
        try await store.close()
        let before = try StoreFiles(target).contents()
        #expect(await codeOfBackup() == .cannotCreate)
        #expect(try StoreFiles(target).contents().filter { $0.key != "LOCK" } == before.filter { $0.key != "LOCK" })
    }

    @Test func aBackupThatWasWrittenToIsAStore() async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        _ = try await backUp()
        try await StrataStore.with(target) { store in
            _ = try await store.events.append([sampleEvent()], to: order, expecting: .exactly(20))
        }
        #expect(await codeOfBackup() == .cannotCreate)
        #expect(try await contents(of: target).events.count == 31)
        #expect(try await contents(of: directory).events.count == 30)
    }

    @Test func damageInTheStoreEndsTheBackupAndLeavesTheOlderOne() async throws {
        let store = try await open()
        try await fill(store)
        _ = try await backUp()
        let before = try await contents(of: target)
        try await fill(store)
        try await store.close()
        let segments = try StoreFiles(directory).segments()
        try StoreFiles(directory).flipBit(at: 300, of: segments[segments.count - 2])
        #expect(await codeOfBackup() == .damaged)
        // Its last segment may have gone on.
        let found = try await contents(of: target)
        #expect(Array(found.events.prefix(before.events.count)) == before.events)
    }

    @Test func aRestoredStoreIsOneOfItsOwn() async throws {
        let store = try await open()
        try await fill(store)
        try await store.events.delete(cart, mode: .tombstone, expecting: .any)
        let events = try await store.allEvents()
        try await store.close()
        _ = try await backUp()
        let restored = TemporaryDirectory()
        let report = try await StrataStore.restore(target.path, to: restored.path)
        #expect(report.events == 30)
        #expect(try await contents(of: restored).events == events)
        #expect(try await contents(of: restored).version == 20)
        try await StrataStore.with(restored) { store in
            _ = try await store.events.append([sampleEvent()], to: order, expecting: .exactly(20))
        }
        #expect(try await contents(of: target).events == events)
    }

    @Test func aDamagedBackupIsNotRestored() async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        _ = try await backUp(BackupOptions(usesHardLinks: false))
        try StoreFiles(target).flipBit(at: 300, of: StoreFiles(target).segments()[1])
        let restored = TemporaryDirectory()
        let error = try await #require(throws: StrataError.self) {
            try await StrataStore.restore(target.path, to: restored.path)
        }
        #expect(error.code == .damaged)
        let unfinished = await #expect(throws: StrataError.self) { try await StrataStore.verify(at: restored.path) }
        #expect(unfinished?.code == .notAStore)
    }

    @Test func nothingIsRestoredOverAnything() async throws {
        let store = try await open()
        try await fill(store)
        try await store.close()
        _ = try await backUp()
        let before = try StoreFiles(directory).contents()
        let error = try await #require(throws: StrataError.self) {
            try await StrataStore.restore(target.path, to: directory.path)
        }
        #expect(error.code == .cannotCreate)
        #expect(try StoreFiles(directory).contents() == before)
    }
}
