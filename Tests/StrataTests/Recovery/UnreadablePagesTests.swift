import EventSourcing
import FoundationEssentials
import Glibc
import StrataTesting
import Synchronization
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
                // Where the headers of the log's last frames are lost, nothing behind them tells of them.
                let isEnd = lost.contains { $0.upperBound == all.last?.position }
                let counted = count(report.lostPositions)
                #expect(counted == count(lost) || isEnd && counted < count(lost), "\(name) at \(range)")
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

    /// A deletion may have stood there.
    @Test func aSnapshotBeforeOneIsNotTakenForTheLatest() async throws {
        let device = SimulatedDevice(seed: 5)
        let store = try await StrataStore.open(on: device, options: options)
        let streams = (0..<3).map { _ in sampleStream() }
        for stream in streams {
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, contentType: .json,
                    state: Bytes("\"\(UUID())\(UUID())\(UUID())\(UUID())\"")))
        }
        try await store.snapshots.delete(for: streams[1])
        try await store.close()
        let name = try #require(segments(device.storage, "snapshots").first)
        let frames = try StrataStore.inspectSegment(name, on: device).frames
        let deletion = try #require(frames.firstIndex { $0.kind == "snapshot deletion" })
        // Its own frame, with the mark behind it or without, and the end of the snapshot before it.
        for start in [frames[deletion].offset, frames[deletion].offset - 24] {
            for length in [frames[deletion].length, 4_096] {
                let altered = self.device(device.storage, losing: start..<start + length, of: name)
                let report = try await StrataStore.salvage(from: altered, into: SimulatedDevice(seed: 7))
                #expect(report.snapshots == 0 && !report.damagedSnapshots.isEmpty && report.events == 3)
            }
        }
    }

    /// A manifest that is older than the segments, of which one cannot be read.
    @Test func aSegmentThatTheManifestDoesNotListIsNoLeftover() async throws {
        let device = SimulatedDevice(seed: 5)
        let store = try await StrataStore.open(on: device, options: options)
        let manifest = try #require(device.storage[file: "MANIFEST"])
        for _ in 0..<60 {
            let event = sampleEvent(String(repeating: "u", count: 900))
            _ = try await store.events.append([event], to: sampleStream(), expecting: .any)
        }
        try await store.close()
        var storage = device.storage
        let names = segments(storage)
        #expect(names.count == 2)
        storage[file: "MANIFEST"] = manifest
        let altered = self.device(storage, losing: 0..<4_096, of: names[1])
        #expect(try StrataStore.verify(on: altered).damage.contains { $0.file == names[1] && $0.length == 4_096 })
        let plan = try StrataStore.recover(on: altered, dryRun: true)
        #expect(plan.steps.isEmpty && plan.unrecoverable.contains { $0.file == names[1] })
    }

    /// The frames of one batch do not tell of each other that they are durable.
    @Test func whatStandsBehindOneInTheLastBatchIsSaved() async throws {
        let device = SimulatedDevice(seed: 5)
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(durability: .none, idleMarkDelay: nil))
        for _ in 0..<30 {
            let event = sampleEvent(String(repeating: "b", count: 900))
            _ = try await store.events.append([event], to: sampleStream(), expecting: .any)
        }
        let name = "events/00000000000000000001.seg"
        let altered = self.device(device.afterProcessDeath().storage, losing: 8_192..<12_288, of: name)
        let destination = SimulatedDevice(seed: 7)
        let report = try await StrataStore.salvage(from: altered, into: destination)
        #expect(report.events > 20 && report.events + count(report.lostPositions) == 30)
        #expect(try StrataStore.verify(on: altered).events == report.events)
    }

    /// Versions were counted as lost without the release that can be read now.
    @Test func aReleaseThatShowsUpOnlyTheSecondTimeEndsTheSalvage() async throws {
        let device = SimulatedDevice(seed: 5)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        for _ in 0..<6 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
        _ = try await store.events.truncate(stream, before: 4, expecting: .any)
        _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
        try await store.close()
        let name = "events/00000000000000000001.seg"
        let frames = try StrataStore.inspectSegment(name, on: device).frames
        let truncation = try #require(frames.first { $0.kind == "truncation" })
        let isOver = Atomic(false)
        let altered = AlteredDevice(device, name) {
            $0.unreadable = truncation.offset..<truncation.offset + truncation.length
            $0.isReadableAgain = { isOver.load(ordering: .relaxed) }
        }
        // For its length, for releases, and for events.
        let source = InterferingDevice(altered, before: name, passing: 2) { _, _ in
            isOver.store(true, ordering: .relaxed)
        }
        let error = await #expect(throws: StrataError.self) {
            _ = try await StrataStore.salvage(from: source, into: SimulatedDevice(seed: 7))
        }
        #expect(error?.code == .ioFailure)
    }

    /// What a reader knows does not go because a page cannot be read for a moment.
    @Test func aReaderKeepsWhatItKnows() async throws {
        let storage = try await makeStore()
        let base = SimulatedDevice(storage, seed: 5)
        let opening = ReaderOpening(on: base, options: StrataOptions(access: .readOnly))
        let index = try opening.run().log.index
        let name = try #require(segments(storage).last)
        let altered = AlteredDevice(base, name) { $0.unreadable = 4_096..<8_192 }
        let refresh = ReaderRefresh(index, ReaderOpening(on: altered, options: StrataOptions(access: .readOnly)))
        let error = #expect(throws: StrataError.self) { try refresh.run() }
        #expect(error?.code == .ioFailure && index.lastPosition == 120)
    }

    @Test func aManifestThatCanBeReadAgainIsNotReplaced() async throws {
        let storage = try await makeStore()
        let base = SimulatedDevice(storage, seed: 5)
        let isOver = Atomic(false)
        // The lock is taken, the manifest cannot be read, the segments are walked, and then it can.
        let altered = AlteredDevice(base, "MANIFEST") {
            $0.unreadable = 0..<512
            $0.isReadableAgain = { isOver.load(ordering: .relaxed) }
        }
        let device = InterferingDevice(altered, before: "snapshots/") { _, _ in isOver.store(true, ordering: .relaxed) }
        let error = #expect(throws: StrataError.self) { _ = try StrataStore.recover(on: device, dryRun: false) }
        #expect(error?.code == .ioFailure && base.storage[file: "MANIFEST"] == storage[file: "MANIFEST"])
        // What stays unreadable is replaced.
        let lasting = AlteredDevice(base, "MANIFEST") { $0.unreadable = 0..<512 }
        #expect(throws: StrataError.self) { _ = try StrataStore.recover(on: lasting, dryRun: false) }
        #expect(base.storage[file: "MANIFEST"] != nil)
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
