import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// The segments of snapshots are walked beside a writer and its compactions.
@Suite struct SnapshotScanTests {
    private let directory = TemporaryDirectory()
    /// Each snapshot has a segment of its own.
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    /// - Parameter isListed: whether it goes only when it has been listed, and is about to be read.
    @Test(arguments: [false, true])
    func aSegmentThatACompactionRemovesMeanwhileIsNoDamage(isListed: Bool) async throws {
        let stream = sampleStream()
        let files = StoreFiles(directory)
        var randomness = SeededRandomness(seed: 1)
        let states = (1...2).map { _ in Bytes(randomness.bytes(64 << 10)) }
        try await StrataStore.with(directory, options) { store in
            for version in 1...2 {
                _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
                try await store.snapshots.save(
                    Snapshot(
                        stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
                        state: states[version - 1]))
            }
        }
        let before = try files.contents()
        try await StrataStore.with(directory, options) { store in
            _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
        }
        let after = try files.contents()
        let removed = "snapshots/00000000000000000002.seg"
        try #require(before[removed] != nil)
        try #require(after[removed] == nil)
        try files.replaceContents(with: before)
        let base = try FileSystemDevice(path: directory.path)
        let device = InterferingDevice(base, before: removed, passing: isListed ? 1 : 0) { _, _ in
            try? files.replaceContents(with: after)
        }
        var scan = SnapshotScan(storeID: try #require(try Manifest.read(from: base)).storeID, on: device)
        var progress: [Int] = []
        try scan.run { progress.append($0) }
        #expect(scan.damage.isEmpty)
        #expect(scan.index[stream]?.version == 2)
        #expect(scan.snapshots == 1)
        #expect(scan.bytes == after.filter { $0.key.hasPrefix("snapshots/") }.values.reduce(0) { $0 + $1.count })
        #expect(progress == progress.sorted())
    }
}
