import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A manifest is made again only of segments that are sound and fit together.
@Suite struct ManifestRebuildingTests {
    private let stream = sampleStream()
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    private func segment(_ number: Int, events: Int, versions: Int, isSealed: Bool = true) -> CraftedSegment {
        var segment = CraftedSegment(number: UInt64(number))
        let commit = EncodedCommit((0..<events).map { sampleEvent("\($0)") }, of: stream)
        segment.append(commit, epoch: 1, position: number, version: versions)
        if isSealed {
            segment.appendFooter(epoch: 1, lastPosition: number + events - 1, events: events, commits: 1)
        }
        return segment
    }

    private func isRebuilt(_ segments: [CraftedSegment]) throws -> Bool {
        let device = try CraftedSegment.device(segments)
        try device.remove("MANIFEST")
        let report = try StrataStore.recover(on: device, dryRun: true, options: options)
        return report.steps.contains(.rebuildManifest(segments: segments.count))
    }

    @Test func segmentsThatFitTogetherAreEnough() throws {
        #expect(
            try isRebuilt([
                segment(1, events: 2, versions: 1), segment(3, events: 1, versions: 3, isSealed: false),
            ]))
    }

    @Test func segmentsThatOverlapDoNotFitTogether() throws {
        #expect(
            try !isRebuilt([
                segment(1, events: 3, versions: 1), segment(3, events: 1, versions: 4, isSealed: false),
            ]))
    }

    @Test func aSegmentWithoutItsFooterIsNotSound() throws {
        #expect(
            try !isRebuilt([
                segment(1, events: 2, versions: 1, isSealed: false),
                segment(3, events: 1, versions: 3, isSealed: false),
            ]))
    }

    /// A manifest that lists more could not be read again.
    @Test func asManySegmentsAreListedAsThereCanBe() throws {
        let device = try CraftedSegment.device([
            segment(1, events: 2, versions: 1), segment(3, events: 1, versions: 3),
            segment(4, events: 1, versions: 4, isSealed: false),
        ])
        let rebuilding = ManifestRebuilding(device)
        #expect(try rebuilding.manifest(mostSegments: 3)?.sealed.map(\.firstPosition) == [1, 3])
        #expect(try rebuilding.manifest(mostSegments: 2) == nil)
    }

    @Test func segmentsOfPositionsThatAnotherOneCoversArePassedOver() throws {
        let device = try CraftedSegment.device([
            segment(1, events: 3, versions: 1), segment(4, events: 1, versions: 4, isSealed: false),
        ])
        for number in 2...3 {
            _ = try StoreFile(StoreLayout.eventSegment(UInt64(number), generation: 7), .create, on: device)
        }
        #expect(try ManifestRebuilding(device).manifest()?.sealed.map(\.firstPosition) == [1])
    }

    /// It counts as no older than the one that the backup has.
    @Test func aBackupGoesOnBehindIt() async throws {
        let (device, target) = (SimulatedDevice(seed: 1), SimulatedDevice(seed: 2))
        for isCompacted in [true, false] {
            let store = try await StrataStore.open(on: device, options: options)
            for _ in 1...3 {
                let event = sampleEvent(String(repeating: "b", count: 40_000))
                _ = try await store.events.append([event], to: stream, expecting: .any)
            }
            if isCompacted { _ = try await store.compact().report() }
            try await store.close()
        }
        _ = try StrataStore.backup(of: device, to: target)
        try device.remove("MANIFEST")
        _ = try StrataStore.recover(on: device, dryRun: false, options: options)
        #expect(try StrataStore.backup(of: device, to: target).events == 6)
    }

    /// A compaction that was cut off leaves the old segment beside the new one.
    @Test func ofTwoSegmentsForTheSamePositionsTheSoundOneCounts() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 1...3 {
            let event = sampleEvent(String(repeating: "r", count: 40_000))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        let before = try await store.allEvents()
        let old = device.storage.contents
        _ = try await store.compact().report()
        try await store.close()
        var storage = device.storage
        let compacted = try #require(storage.contents.keys.first { $0.contains("-") && $0.hasSuffix(".seg") })
        let bytes = try #require(storage[file: compacted])
        storage[file: compacted] = bytes.with(bytes[bytes.count / 2] ^ 1, at: bytes.count / 2)
        for (name, bytes) in old where name.hasSuffix(".seg") && storage[file: name] == nil {
            storage[file: name] = bytes
        }
        storage[file: "MANIFEST"] = nil
        let rebuilt = SimulatedDevice(storage)
        let report = try StrataStore.recover(on: rebuilt, dryRun: false, options: options)
        #expect(report.unrecoverable.isEmpty)
        let reopened = try await StrataStore.open(on: rebuilt, options: options)
        #expect(try await reopened.allEvents() == before)
        try await reopened.close()
    }
}
