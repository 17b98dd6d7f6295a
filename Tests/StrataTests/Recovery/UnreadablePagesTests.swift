import EventSourcing
import FoundationEssentials
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// Pages that the medium cannot give any more are damage like any other: they are named, and all around them is saved.
@Suite struct UnreadablePagesTests {
    private static let sector = 512
    private let options = StrataOptions(segmentBytes: 40 << 10, idleMarkDelay: nil)

    /// A closed store of three streams over several segments, with snapshots.
    private func makeStore(compacted: Bool = false) async throws -> SimulatedStorage {
        let device = SimulatedDevice(seed: 5)
        let store = try await StrataStore.open(on: device, options: options)
        var randomness = SeededRandomness(seed: 6)
        let streams = (0..<3).map { _ in StreamID("Order", UUID(using: &randomness)) }
        let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        for number in 0..<120 {
            let text = String(
                decoding: (0..<700).map { _ in letters.randomElement(using: &randomness) ?? 0 }, as: UTF8.self)
            _ = try await store.events.append(
                [sampleEvent(text, id: UUID(using: &randomness))], to: streams[number % 3], expecting: .any)
        }
        for stream in streams {
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 40, schemaVersion: 1, createdAt: .distantPast, contentType: .json,
                    state: Bytes("\"\(String(repeating: "s", count: 2_000))\"")))
        }
        if compacted { _ = try await store.compact(CompactionOptions(minMergedSegments: 100)).report() }
        try await store.close()
        return device.storage
    }

    private func segments(_ storage: SimulatedStorage, _ directory: String = "events") -> [String] {
        storage.contents.keys.filter { $0.hasPrefix("\(directory)/") && $0.hasSuffix(".seg") }.sorted()
    }

    private func device(_ storage: SimulatedStorage, losing range: Range<Int>, of name: String) -> AlteredDevice {
        AlteredDevice(SimulatedDevice(storage, seed: 5), name) { $0.unreadable = range }
    }

    private func events(_ storage: SimulatedStorage) async throws -> [RecordedEvent] {
        let store = try await StrataStore.open(
            on: SimulatedDevice(storage, seed: 5), options: StrataOptions(access: .readOnly))
        return try await store.allEvents()
    }

    /// Ranges of a sector each, spread over a file.
    private func sectors(of name: String, _ storage: SimulatedStorage, count: Int) throws -> [Range<Int>] {
        let length = try #require(storage[file: name]).count
        let all = Array(stride(from: 0, to: length, by: Self.sector))
        return stride(from: 0, to: all.count, by: max(1, all.count / count)).map { index in
            all[index]..<min(all[index] + Self.sector, length)
        }
    }

    private func count(_ ranges: [ClosedRange<Position>]) -> Int {
        ranges.reduce(0) { $0 + $1.upperBound.rawValue - $1.lowerBound.rawValue + 1 }
    }

    @Test func eachCostsTheFramesInItAndNothingElse() async throws {
        let storage = try await makeStore()
        let all = try await events(storage)
        let segments = segments(storage)
        #expect(segments.count > 2)
        for name in segments {
            let inspection = try StrataStore.inspectSegment(name, on: SimulatedDevice(storage, seed: 5))
            for range in try sectors(of: name, storage, count: 12) {
                let page = range.lowerBound..<(range.lowerBound / 4_096 * 4_096 + 4_096)
                let lost = inspection.frames.filter { page.overlaps($0.offset..<$0.offset + $0.length) }
                    .compactMap(\.positions)
                let device = device(storage, losing: range, of: name)
                let destination = SimulatedDevice(seed: 7)
                let report = try await StrataStore.salvage(from: device, into: destination)
                let saved = try await events(destination.storage)
                let expected = all.filter { event in !lost.contains { $0.contains(event.position) } }
                #expect(saved.map(\.id) == expected.map(\.id), "\(name) at \(range)")
                // Where the log's last frames are lost, nothing behind them tells of them.
                let isEnd = lost.contains { $0.upperBound == all.last?.position }
                #expect(count(report.lostPositions) == (isEnd ? 0 : count(lost)), "\(name) at \(range)")
                let isNamed = report.damage.contains { damage in
                    damage.file == name && damage.offset == range.lowerBound && damage.length > 0
                        && damage.reason.contains("cannot give")
                }
                #expect(isNamed && !report.isComplete, "\(name) at \(range): \(report.damage)")
                let verified = try StrataStore.verify(on: device)
                #expect(verified.damage.contains { $0.file == name && $0.offset == range.lowerBound })
                #expect(!verified.isSound && verified.events == saved.count, "\(name) at \(range)")
                let plan = try StrataStore.recover(on: device, dryRun: true)
                #expect(!plan.unrecoverable.isEmpty && plan.steps.isEmpty)
            }
        }
    }

    @Test func oneInACompactedSegmentCostsItsBlock() async throws {
        let storage = try await makeStore(compacted: true)
        let all = try await events(storage)
        let name = try #require(segments(storage).first { $0.contains("-") })
        for range in try sectors(of: name, storage, count: 20) {
            let destination = SimulatedDevice(seed: 7)
            let report = try await StrataStore.salvage(
                from: device(storage, losing: range, of: name), into: destination)
            #expect(!report.isComplete && report.damage.contains { $0.file == name })
            let saved = try await events(destination.storage)
            #expect(saved.count == report.events, "\(range)")
            #expect(saved.count + count(report.lostPositions) == all.count, "\(range)")
        }
    }

    @Test func oneAmongTheSnapshotsIsNamed() async throws {
        let storage = try await makeStore()
        let name = try #require(segments(storage, "snapshots").first)
        let device = device(storage, losing: 512..<1_024, of: name)
        let report = try await StrataStore.salvage(from: device, into: SimulatedDevice(seed: 7))
        #expect(report.events == 120 && report.damage.isEmpty && !report.isComplete)
        #expect(report.damagedSnapshots.contains { $0.offset == 512 && $0.length > 0 })
        let verified = try StrataStore.verify(on: device)
        #expect(verified.damage.isEmpty && verified.damagedSnapshots.contains { $0.offset == 512 })
    }

    @Test func aManifestThatCannotBeReadIsMadeAgain() async throws {
        let storage = try await makeStore()
        let device = device(storage, losing: 0..<512, of: "MANIFEST")
        let plan = try StrataStore.recover(on: device, dryRun: true)
        #expect(plan.unrecoverable.isEmpty && plan.steps.count == 1)
        let error = #expect(throws: StrataError.self) { _ = try StrataStore.verify(on: device) }
        #expect(error?.code == .damaged)
        let report = try await StrataStore.salvage(from: device, into: SimulatedDevice(seed: 7))
        #expect(report.events == 120 && report.damage.contains { $0.file == "MANIFEST" })
    }

    @Test func anOpenStoreIsScrubbedToItsEnd() async throws {
        let storage = try await makeStore()
        let name = segments(storage)[1]
        let device = device(storage, losing: 9_000..<9_001, of: name)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        let report = try await store.scrub().report()
        #expect(report.damage.contains { $0.file == name && $0.offset == 9_000 })
        #expect(report.segments == segments(storage).count && report.snapshots == 3)
        let snapshots = self.device(storage, losing: 512..<513, of: "snapshots/")
        let other = try await StrataStore.open(on: snapshots, options: StrataOptions(access: .readOnly))
        #expect(try await other.scrub().report().damagedSnapshots.contains { $0.offset == 512 })
    }

    @Test func allOthersAreServedToReaders() async throws {
        var storage = try await makeStore()
        let all = try await events(storage)
        // Segments without a sidecar are walked at every opening.
        for name in storage.contents.keys where name.hasSuffix(".idx") { storage[file: name] = nil }
        for name in segments(storage) {
            let length = try #require(storage[file: name]).count
            let page = 8_192..<12_288
            try #require(page.upperBound < length)
            let inspection = try StrataStore.inspectSegment(name, on: SimulatedDevice(storage, seed: 5))
            let lost = inspection.frames.filter { page.overlaps($0.offset..<$0.offset + $0.length) }
                .compactMap(\.positions)
            let store = try await StrataStore.open(
                on: device(storage, losing: 8_192..<8_704, of: name), options: StrataOptions(access: .readOnly))
            #expect(store.damage.contains { $0.file == name && $0.offset == 8_192 })
            for event in all {
                let isLost = lost.contains { $0.contains(event.position) }
                let found = try? await store.events.readStream(event.stream, from: event.version, limit: 1).collect()
                #expect(found?.map(\.id) == (isLost ? nil : [event.id]), "\(name), \(event.position)")
            }
            await #expect(throws: EventStoreError.self) { _ = try await store.allEvents() }
        }
    }

    /// Whoever appended behind it could write over what can be read again tomorrow.
    @Test func nothingIsCutOffWhereTheActiveSegmentCannotBeRead() async throws {
        let storage = try await makeStore()
        let name = try #require(segments(storage).last)
        let base = SimulatedDevice(storage, seed: 5)
        let length = try #require(storage[file: name]).count
        for offset in [70, length / 2, length - 100] {
            let device = AlteredDevice(base, name) { $0.unreadable = offset..<offset + 1 }
            let error = await #expect(throws: StrataError.self) {
                _ = try await StrataStore.open(on: device, options: options)
            }
            #expect(error?.code == .ioFailure)
            #expect(base.storage[file: name] == storage[file: name])
        }
    }

    @Test func aReadThatFailsOnceIsNoDamage() async throws {
        let storage = try await makeStore()
        let plain = SimulatedDevice(storage, seed: 5)
        plain.keepCalls()
        _ = try StrataStore.verify(on: plain)
        let reads = plain.log.filter { $0.operation == .read && $0.name.hasSuffix(".seg") }
        #expect(reads.count > 5)
        for read in reads {
            let device = SimulatedDevice(storage, seed: 5)
            device.inject([DeviceFault(atCall: read.number, .error(EIO))])
            #expect(try StrataStore.verify(on: device).isSound, "call \(read.number)")
        }
    }
}
