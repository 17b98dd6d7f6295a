import EventSourcing
import Foundation
import Glibc
import Strata
import StrataTesting
import Testing

/// Recovery does what it says, loses nothing that was acknowledged, and leaves damage to a salvage.
@Suite struct RecoveryTests {
    private let options = StrataOptions(segmentBytes: 64 << 10)

    private func fill(_ directory: TemporaryDirectory, commits: Int = 200) async throws {
        let streams = (0..<10).map { _ in sampleStream() }
        try await StrataStore.with(directory, options) { store in
            for number in 0..<commits {
                let event = sampleEvent(String(repeating: "p", count: 800))
                _ = try await store.events.append([event], to: streams[number % 10], expecting: .any)
            }
            try await store.snapshots.save(
                Snapshot(stream: streams[0], version: 3, schemaVersion: 1, createdAt: .now(), state: Bytes("{}")))
        }
    }

    private func events(_ directory: TemporaryDirectory) async throws -> [RecordedEvent] {
        try await StrataStore.with(directory, options) { try await $0.allEvents() }
    }

    @Test func aSoundStoreNeedsNothing() async throws {
        let directory = TemporaryDirectory()
        try await fill(directory)
        let report = try await StrataStore.recover(at: directory.path)
        #expect(report.steps.isEmpty)
        #expect(report.unrecoverable.isEmpty)
    }

    @Test func aDryRunChangesNothingAndTheRunDoesWhatItSaid() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await fill(directory)
        let before = try await events(directory)
        let segment = try #require(try files.segments().last)
        let length = try files.read(segment).count
        try files.append(Array("torn".utf8), to: segment)
        let leftovers = [
            "snapshots/00000000000000000007.seg", "snapshots/00000000000000000003.seg.new", "SALVAGE",
            "MANIFEST.new", "events/00000000000000000001-00000000000000000009.seg.new",
            segment.replacing(".seg", with: ".idx"), "BACKUP",
        ]
        for name in leftovers { try files.write(name.hasSuffix(".new") ? [1, 2, 3] : [], to: name) }
        let contents = try files.contents()

        let plan = try await StrataStore.recover(at: directory.path, dryRun: true)
        #expect(
            plan.steps == leftovers.map { .removeLeftover(file: $0) } + [
                .quarantineTornTail(file: segment, offset: length, bytes: 4)
            ])
        #expect(!plan.isPerformed)
        #expect(try files.contents() == contents)

        let report = try await StrataStore.recover(at: directory.path)
        #expect(report.steps == plan.steps)
        #expect(report.isPerformed)
        #expect(try await StrataStore.quarantine(at: directory.path).map(\.bytes) == [4])
        #expect(try await StrataStore.recover(at: directory.path, dryRun: true).steps.isEmpty)
        #expect(try leftovers.allSatisfy { try files.contents()[$0] == nil })
        #expect(try await events(directory) == before)
    }

    @Test func aRecoveryThatMakesAStoreOfABackupSaysSo() async throws {
        let (directory, backup) = (TemporaryDirectory(), TemporaryDirectory())
        let files = StoreFiles(backup)
        try await fill(directory)
        _ = try await StrataStore.backup(of: directory.path, to: backup.path)
        let before = try files.contents()
        #expect(try await StrataStore.recover(at: backup.path, dryRun: true).steps == [.endBackup])
        #expect(try files.contents() == before)
        #expect(try await StrataStore.recover(at: backup.path).steps == [.endBackup])
        #expect(try files.contents()["BACKUP"] == nil)
        #expect(try await StrataStore.recover(at: backup.path).steps.isEmpty)
    }

    @Test func aRecoveryOnAFullDiskDoesNotClaimThatItIsDone() async throws {
        let device = SimulatedDevice(seed: 1)
        try await StrataStore.open(on: device, options: options).close()
        _ = try device.open("MANIFEST.new", .create)
        device.fail(.error(ENOSPC), at: .create, "MANIFEST.new")
        let error = #expect(throws: StrataError.self) { _ = try StrataStore.recover(on: device, dryRun: false) }
        #expect(error?.code == .storageFull)
        device.beforeCalls(nil)
        device.clearFaults()
        #expect(try StrataStore.recover(on: device, dryRun: false).isPerformed)
    }

    @Test(arguments: ["missing", "damaged", "older"])
    func aManifestIsMadeAgainFromTheSegments(what: String) async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory, options) { _ in }
        let old = try files.read("MANIFEST")
        try await fill(directory)
        let before = try await events(directory)
        let segments = try files.segments()
        switch what {
        case "missing": try files.remove("MANIFEST")
        case "damaged": try files.flipBit(at: 70, of: "MANIFEST")
        default: try files.write(old, to: "MANIFEST")
        }

        let report = try await StrataStore.recover(at: directory.path)

        #expect(report.steps == [.rebuildManifest(segments: segments.count)])
        #expect(report.isPerformed)
        #expect(try await events(directory) == before)
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    @Test func aManifestIsNotMadeAgainAroundAGap() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await fill(directory)
        try files.remove("MANIFEST")
        try files.remove(try files.segments()[1])
        let before = try files.contents()
        let report = try await StrataStore.recover(at: directory.path)
        #expect(!report.unrecoverable.isEmpty)
        #expect(!report.isPerformed)
        #expect(try files.contents().filter { $0.key != "LOCK" } == before.filter { $0.key != "LOCK" })
    }

    @Test func aMissingLastSegmentIsNotWrittenOff() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await fill(directory)
        let segments = try files.segments()
        #expect(segments.count > 2)
        try files.remove(try #require(segments.last))
        let before = try files.contents()
        let report = try await StrataStore.recover(at: directory.path)
        #expect(!report.unrecoverable.isEmpty)
        #expect(!report.isPerformed)
        #expect(try files.contents().filter { $0.key != "LOCK" } == before.filter { $0.key != "LOCK" })
    }

    @Test func damagedSnapshotsMoveToQuarantine() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await fill(directory)
        let name = "snapshots/\(try #require(files.names("snapshots").first))"
        let bytes = try files.read(name)
        try files.flipBit(at: 100, of: name)
        let report = try await StrataStore.recover(at: directory.path)
        #expect(report.steps == [.quarantineSnapshots(file: name)])
        #expect(try files.names("snapshots").isEmpty)
        #expect(try files.names("quarantine").count == 1)
        #expect(try files.read("quarantine/\(files.names("quarantine")[0])").count == bytes.count)
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    /// One of three snapshots does not verify; the others are all that their streams have.
    private func makeDamagedSnapshot() async throws -> (SimulatedDevice, [StreamID]) {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        let streams = (0..<3).map { _ in sampleStream() }
        var randomness = SeededRandomness(seed: 5)
        for stream in streams {
            for _ in 1...2 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 2, schemaVersion: 1, createdAt: .distantPast,
                    state: Bytes(randomness.bytes(30_000))))
            _ = try await store.events.truncate(stream, before: 2, expecting: .any)
        }
        try await store.close()
        let segment = try device.open("snapshots/00000000000000000001.seg", .readWrite)
        _ = try segment.write([0xFF].span.bytes, at: 30_000 + 15_000)
        try segment.sync()
        return (device, streams)
    }

    private func found(_ streams: [StreamID], on device: SimulatedDevice) async throws -> [Bool] {
        let store = try await StrataStore.open(on: device, options: options)
        var found: [Bool] = []
        for stream in streams { found.append(try await store.snapshots.latest(for: stream) != nil) }
        try await store.close()
        return found
    }

    @Test func snapshotsThatCountStayWhereOthersAreDamaged() async throws {
        let (device, streams) = try await makeDamagedSnapshot()
        let before = try await found(streams, on: SimulatedDevice(device.storage))
        #expect(before.count { $0 } == 2)
        device.keepImages()
        let report = try StrataStore.recover(on: device, dryRun: false, options: options)
        // The third one is in the next segment, which stays.
        #expect(report.steps.first == .keepSnapshots(count: 1))
        #expect(report.steps.count == 1 + (try device.list("quarantine").count))
        #expect(try StrataStore.verify(on: SimulatedDevice(device.storage)).isSound)
        #expect(try await found(streams, on: SimulatedDevice(device.storage)) == before)
        #expect(device.images.count > 10)
        for image in device.images {
            let power = SimulatedDevice(image.storage.afterTotalLoss)
            _ = try StrataStore.recover(on: power, dryRun: false, options: options)
            #expect(try await found(streams, on: power) == before, "behind \(image.call)")
        }
    }

    @Test func recoveryNeedsTheLock() async throws {
        let directory = TemporaryDirectory()
        let store = try await StrataStore.open(at: directory.path)
        let error = await #expect(throws: StrataError.self) { try await StrataStore.recover(at: directory.path) }
        #expect(error?.code == .locked)
        _ = try await StrataStore.recover(at: directory.path, dryRun: true)
        try await store.close()
    }

    @Test func quarantineCanBeTakenOutAndPurged() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await fill(directory, commits: 1)
        try files.append(Array("torn".utf8), to: try #require(try files.segments().last))
        _ = try await StrataStore.recover(at: directory.path)
        let name = try #require(try await StrataStore.quarantine(at: directory.path).first?.name)
        for (range, part) in [(0..<Int.max, "torn"), (1..<3, "or"), (4..<8, ""), (9..<10, "")] {
            let content = try await StrataStore.quarantinedContent(name, range, at: directory.path)
            #expect(content == Array(part.utf8))
        }
        for missing in ["../LOCK", "..", "", "\(name)x"] {
            let error = await #expect(throws: StrataError.self) {
                try await StrataStore.quarantinedContent(missing, 0..<1, at: directory.path)
            }
            #expect(error?.code == .notFound)
        }
        #expect(try await StrataStore.purgeQuarantine(at: directory.path).map(\.name) == [name])
        #expect(try files.names("quarantine").isEmpty)
    }

    private static let snapshots = "snapshots/00000000000000000001.seg"

    /// What recovery finds in a sound store where a segment of snapshots cannot be opened, at one or at two attempts.
    private func recover(_ number: Int32, attempts: Int) async throws -> RecoveryReport {
        let device = SimulatedDevice(seed: 1)
        let stream = sampleStream()
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
        try await store.snapshots.save(
            Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
        try await store.close()
        var faults: [DeviceFault] = []
        for _ in 0..<attempts {
            let failing = SimulatedDevice(device.storage)
            failing.keepCalls()
            failing.inject(faults)
            _ = try StrataStore.recover(on: failing, dryRun: true)
            let opening = try #require(failing.log.opening(of: Self.snapshots, isLast: true))
            faults.append(DeviceFault(atCall: opening.number, .error(number)))
        }
        let failing = SimulatedDevice(device.storage)
        failing.inject(faults)
        return try StrataStore.recover(on: failing, dryRun: true)
    }

    @Test(arguments: [EMFILE, EACCES, ENOMEM, EIO])
    func aCallThatFailsOnceIsNoDamageToSnapshots(_ number: Int32) async throws {
        #expect(try await recover(number, attempts: 1).steps.isEmpty)
    }

    @Test(arguments: [EMFILE, EACCES, ENOMEM])
    func aCallThatKeepsFailingIsNoDamageToSnapshots(_ number: Int32) async throws {
        let error = await #expect(throws: StrataError.self) { try await recover(number, attempts: 2) }
        #expect(error?.systemErrorNumber == number)
    }

    @Test func snapshotsOnABadSectorArePutAside() async throws {
        #expect(try await recover(EIO, attempts: 2).steps == [.quarantineSnapshots(file: Self.snapshots)])
    }
}
