import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// A file can claim any length and cost nothing: what is longer than any segment is damage, and nobody reads to its end.
@Suite struct EndlessFileTests {
    private static let reason = "the file is longer than any segment"
    private let directory = TemporaryDirectory()
    private let options = StrataOptions(segmentBytes: 64 << 10)

    /// A store of two segments of events, one of snapshots, and two files in quarantine.
    private func makeStore() async throws {
        let stream = sampleStream()
        try await StrataStore.with(directory, options) { store in
            for _ in 0..<3 {
                let event = sampleEvent(String(repeating: "m", count: 30_000))
                _ = try await store.events.append([event], to: stream, expecting: .any)
            }
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("state")))
        }
        for name in ["a.torn", "b.torn"] { try StoreFiles(directory).write([1], to: "quarantine/\(name)") }
    }

    private func endless(_ prefix: String) throws -> AlteredDevice {
        AlteredDevice(try FileSystemDevice(path: directory.path), prefix) { $0.length = .max }
    }

    @Test(arguments: [0, 1])
    func aSegmentOfEventsIsDamagedBehindItsFrames(which: Int) async throws {
        try await makeStore()
        let segment = try StoreFiles(directory).segments()[which]
        let frames = try StoreFiles(directory).read(segment).count
        let device = try endless(segment)
        let report = try StrataStore.verify(on: device)
        let damage = try #require(report.damage.first)
        #expect(report.damage.count == 1)
        #expect(damage.reason == Self.reason)
        #expect(damage.offset == frames)
        #expect(damage.length == .max - frames)
        #expect(report.events == 3)
        let sidecars = try StoreFiles(directory).names("events").filter { $0.hasSuffix(".idx") }
        for name in sidecars { try StoreFiles(directory).remove("events/\(name)") }
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: device, options: options)
        }
        #expect(error?.code == .damaged)
    }

    @Test func allThatItHoldsIsSalvaged() async throws {
        try await makeStore()
        let segment = try StoreFiles(directory).segments()[1]
        try sparsen(segment)
        let target = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: target.path)
        #expect(report.events == 3)
        #expect(report.losses.isEmpty)
    }

    @Test func aCompactedSegmentIsNotSearched() async throws {
        try await makeStore()
        let device = try FileSystemDevice(path: directory.path)
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
        try await store.close()
        let segment = try #require(try StoreFiles(directory).segments().first { $0.contains("-") })
        try sparsen(segment)
        let report = try StrataStore.verify(on: device)
        #expect(report.damage.map(\.reason) == [Self.reason])
        await #expect(throws: StrataError.self) { try await StrataStore.inspectSegment(at: directory.file(segment)) }
    }

    @Test func aSegmentOfSnapshotsIsDamage() async throws {
        try await makeStore()
        let segment = "snapshots/00000000000000000001.seg"
        #expect(try StrataStore.verify(on: endless(segment)).damagedSnapshots.map(\.reason) == [Self.reason])
        try sparsen(segment)
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.damage == [])
        #expect(report.damagedSnapshots.map(\.file) == [segment])
        let target = TemporaryDirectory()
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.backup(of: directory.path, to: target.path)
        }
        #expect(error?.code == .damaged)
    }

    @Test func sizesInQuarantineAddUpToWhatANumberHolds() async throws {
        try await makeStore()
        let store = try await StrataStore.open(
            on: endless("quarantine/"), options: StrataOptions(access: .readOnly))
        #expect(try await store.statistics().quarantinedBytes == .max)
        try await store.close()
    }

    @Test func whatACompactionGivesBackAddsUpToWhatANumberHolds() async throws {
        var report = CompactionReport()
        report.snapshotBytesBefore = .max
        report.purged = [QuarantinedFile(name: "a.torn", bytes: .max), QuarantinedFile(name: "b.torn", bytes: .max)]
        #expect(report.reclaimedBytes == .max)
        report.snapshotBytesAfter = .max
        report.purged = []
        #expect(report.reclaimedBytes == 0)
    }

    @Test func sizesOfSnapshotsAddUpToWhatANumberHolds() async throws {
        try await makeStore()
        let files = StoreFiles(directory)
        let first = try files.read("snapshots/00000000000000000001.seg")
        try files.write(first, to: "snapshots/00000000000000000002.seg")
        let device = try endless("snapshots/")
        let reader = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        #expect(try await reader.compactionPreview().snapshotBytesBefore == .max)
        try await reader.close()
        let store = try await StrataStore.open(on: device, options: options)
        #expect(try await store.compact().report().snapshotBytesBefore == .max)
        try await store.close()
    }

    @Test func aSparseSegmentIsNotReadToItsEnd() async throws {
        try await makeStore()
        for segment in try StoreFiles(directory).segments() { try sparsen(segment) }
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.damage.map(\.reason).contains(Self.reason))
        #expect(report.events == 3)
        #expect(report.bytes <= 3 * Format.longestSegment)
    }

    /// Makes a file longer than anyone can read.
    private func sparsen(_ name: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.file(name)))
        try file.truncate(atOffset: 1 << 43)
        try file.close()
    }
}
