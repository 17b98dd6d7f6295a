import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// The file of a compacted segment: what is written is read, and damage costs what it covers.
@Suite struct CompactedSegmentTests {
    private let device = SimulatedDevice(seed: 1)
    private let stream = StreamID("Order", UUID(bits: 7))

    /// A frame as a reader gets it.
    private struct Frame: Hashable {
        let offset: Int
        let versions: ClosedRange<Int>
        let positions: ClosedRange<Position>
        let storedAt: Timestamp
        let body: [UInt8]
    }

    private func options() -> StrataOptions {
        StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    }

    /// Makes sealed segments; some commits are longer than a block, some have several events.
    private func makeStore(commits: Int = 400) async throws -> Manifest {
        let store = try await StrataStore.open(on: device, options: options())
        for number in 0..<commits {
            let text = number % 50 == 49 ? String(repeating: "long", count: 3_000) : "order \(number) of many"
            let events = (0...number % 3).map { _ in sampleEvent(text, tenant: "acme") }
            _ = try await store.events.append(events, to: stream, expecting: .any)
        }
        try await store.close()
        return try #require(try Manifest.read(from: device))
    }

    /// - Parameter firstLive: the first version of the stream that is kept.
    private func rewrite(
        _ inputs: [Manifest.SealedSegment], of manifest: Manifest, firstLive: Int? = nil,
        compression: CompactionOptions.Compression = .lz4
    ) throws -> Manifest.SealedSegment {
        var live = LiveVersions()
        if let firstLive { live.add(firstLive, of: stream, StreamProbe(stream, type: 0)) }
        let sidecars = SidecarFiles(
            device: device, storeID: manifest.storeID, mayWrite: true, logger: StrataOptions().logger)
        return try SegmentRewrite(
            directory: SegmentDirectory(on: device), sidecars: sidecars, live: live, compression: compression,
            didRead: { _ in }, willWrite: { _ in }
        ).run(inputs, generation: manifest.generation + 1).0
    }

    private func scan(
        _ segment: SegmentIdentity, _ manifest: Manifest, on other: SimulatedDevice? = nil
    ) throws -> (scan: SegmentScan, frames: [Frame]) {
        var scanner = SegmentScanner(segment, storeID: manifest.storeID, isSealed: true, on: other ?? device)
        var frames: [Frame] = []
        let scan = try scanner.run { header, offset, body in
            frames.append(
                Frame(
                    offset: offset, versions: header.versions ?? 0...0, positions: header.positions ?? 1...1,
                    storedAt: header.storedAt, body: body.withUnsafeBytes { Array($0) }))
        }
        return (scan, frames)
    }

    @Test(arguments: CompactionOptions.Compression.allCases)
    func whatIsWrittenIsRead(_ compression: CompactionOptions.Compression) async throws {
        let manifest = try await makeStore()
        try #require(manifest.sealed.count > 2)
        let entry = try rewrite(manifest.sealed, of: manifest, compression: compression)
        let before = try manifest.sealed.flatMap { try scan($0.identity, manifest).frames }
        let (after, frames) = try scan(entry.identity, manifest)
        #expect(after.damage.isEmpty && entry.matches(after))
        #expect(frames.map(\.body) == before.map(\.body))
        #expect(frames.map(\.versions) == before.map(\.versions))
        #expect(frames.map(\.positions) == before.map(\.positions))
        #expect(frames.map(\.storedAt) == before.map(\.storedAt))
        #expect(entry.eventCount == manifest.sealed.reduce(0) { $0 + $1.eventCount })
        #expect(entry.lastPosition == manifest.sealed.last?.lastPosition)
        if compression == .lz4 {
            #expect(entry.bytes < manifest.sealed.reduce(0) { $0 + $1.bytes } / 2)
        }
    }

    @Test func everyFrameIsReadByItself() async throws {
        let manifest = try await makeStore()
        let entry = try rewrite(manifest.sealed, of: manifest)
        let content = try SegmentContent(entry.identity, storeID: manifest.storeID, on: device)
        for frame in try scan(entry.identity, manifest).frames.shuffled() {
            var buffer: [UInt8] = [1, 2, 3]
            let header = try content.readFrame(at: frame.offset, before: content.length(), into: &buffer)
            #expect(header?.versions == frame.versions)
            #expect(Array(buffer.dropFirst(3 + 88)) == frame.body)
        }
    }

    @Test func anyPartOfTheContentIsRead() async throws {
        let manifest = try await makeStore(commits: 300)
        let entry = try rewrite(manifest.sealed, of: manifest)
        let content = try SegmentContent(entry.identity, storeID: manifest.storeID, on: device)
        let length = try content.length()
        let whole = try content.read(length + 100, at: 0)
        #expect(whole.count == length)
        var randomness = SeededRandomness(seed: 3)
        for _ in 0..<200 {
            let start = Int.random(in: 0..<length, using: &randomness)
            let count = Int.random(in: 0...20_000, using: &randomness)
            #expect(try content.read(count, at: start) == Array(whole[start..<min(length, start + count)]))
        }
        #expect(try content.read(10, at: length).isEmpty)
    }

    @Test func releasedEventsAreGone() async throws {
        let manifest = try await makeStore()
        let entry = try rewrite(manifest.sealed, of: manifest, firstLive: 100)
        let (after, frames) = try scan(entry.identity, manifest)
        #expect(after.damage.isEmpty)
        #expect(frames.first?.versions.lowerBound == 100)
        #expect(frames.first?.positions.lowerBound == 100)
        #expect(entry.firstPosition == 1)
        let last = try #require(manifest.sealed.last)
        #expect(frames.last?.positions.upperBound == Position(Int(last.lastPosition)))
    }

    @Test func aSegmentOfWhichNothingIsLeftIsASegment() async throws {
        let manifest = try await makeStore()
        let entry = try rewrite(manifest.sealed, of: manifest, firstLive: 1 << 40)
        let (after, frames) = try scan(entry.identity, manifest)
        #expect(after.damage.isEmpty && entry.matches(after) && frames.isEmpty)
        #expect(entry.eventCount == 0 && entry.contentLength == 64 && entry.bytes < 200)
    }

    /// Every changed byte is found, and costs at most the frames of one block.
    @Test func damageCostsABlockAlone() async throws {
        let manifest = try await makeStore(commits: 300)
        let entry = try rewrite(manifest.sealed, of: manifest)
        let name = entry.identity.name
        let sound = try scan(entry.identity, manifest).frames
        let original = try #require(device.storage[file: name])
        let content = try SegmentContent(entry.identity, storeID: manifest.storeID, on: device)
        let blocks = try #require(content.compacted)
        let firstFrame = try #require(blocks.block(containing: 64)).offsets.lowerBound
        var randomness = SeededRandomness(seed: 5)
        for _ in 0..<300 {
            let offset = Int.random(in: 0..<original.count, using: &randomness)
            let bit = UInt8.random(in: 0..<8, using: &randomness)
            var storage = device.storage
            storage[file: name] = original.with(original[offset] ^ 1 << bit, at: offset)
            let (damaged, frames) = try scan(entry.identity, manifest, on: SimulatedDevice(storage))
            #expect(!damaged.damage.isEmpty || !entry.matches(damaged), "byte \(offset)")
            let lost = Set(sound).subtracting(frames)
            // The dictionary is needed by all blocks.
            guard offset < 64 || offset >= firstFrame else { continue }
            let blocksOfLost = Set(lost.compactMap { blocks.block(containing: $0.offset)?.index })
            #expect(blocksOfLost.count <= 1, "byte \(offset) cost blocks \(blocksOfLost.sorted())")
            if let block = lost.first.flatMap({ blocks.block(containing: $0.offset) }) {
                let positions = lost.map(\.positions)
                let told = try #require(damaged.damage.first { $0.offset == block.offsets.lowerBound }?.positions)
                #expect(told.lowerBound == positions.map(\.lowerBound).min())
                #expect(told.upperBound == positions.map(\.upperBound).max())
            }
        }
    }
}
