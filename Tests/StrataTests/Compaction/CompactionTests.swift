import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// What a compaction keeps, and what it takes away.
@Suite struct CompactionTests {
    private let directory = TemporaryDirectory()
    private var files: StoreFiles { StoreFiles(directory) }
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let marker = "MARKER-5e3a1c"

    /// Appends events to several streams, so that several segments are sealed.
    private func fill(_ store: StrataStore, streams: [StreamID], rounds: Int = 160) async throws {
        for round in 0..<rounds {
            for (number, stream) in streams.enumerated() {
                let secret = number == 0 ? marker : "none"
                let events = (0...round % 2).map { _ in
                    sampleEvent("\(secret) of \(stream.id) in round \(round) and some more of what JSON says \(round)")
                }
                _ = try await store.events.append(events, to: stream, expecting: .any)
            }
        }
    }

    /// The files of the store that hold some text, as it is or in what is compressed.
    private func filesHolding(_ text: String) throws -> [String] {
        try expandedFiles().filter { $0.value.range(of: Data(text.utf8)) != nil }.map(\.key).sorted()
    }

    /// The bytes of all files, and behind them what their blocks and dictionaries are expanded.
    private func expandedFiles() throws -> [String: Data] {
        let device = try FileSystemDevice(path: directory.path)
        let storeID = try #require(try Manifest.read(from: device)).storeID
        return try files.contents().reduce(into: [String: Data]()) { all, file in
            var data = Data(file.value)
            let name = String(file.key.split(separator: "/").last ?? "")
            if let segment = SegmentIdentity(fileName: name), segment.isCompacted, file.key.hasPrefix("events/") {
                let content = try SegmentContent(segment, storeID: storeID, on: device)
                let layout = try CompactedLayout(
                    StoreFile(file.key, .read, on: device), binding: content.binding)
                data += try content.read(content.length(), at: 0) + #require(layout.dictionary)
            }
            all[file.key] = data
        }
    }

    private func streams(_ count: Int) -> [StreamID] { (0..<count).map { _ in sampleStream() } }

    @Test(arguments: CompactionOptions.Compression.allCases)
    func everythingThatIsLiveStays(_ compression: CompactionOptions.Compression) async throws {
        let streams = streams(5)
        let report = try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams)
            let before = try await store.allEvents()
            let report = try await store.compact(CompactionOptions(compression: compression)).report()
            let after = try await store.allEvents()
            #expect(after == before)
            for stream in streams {
                let versions = try await store.events.readStream(stream).collect().map(\.version)
                #expect(versions == Array(1...240))
            }
            return report
        }
        #expect(report.rewrites.count == 1 && report.releasedEvents == 0 && report.leftovers.isEmpty)
        #expect(report.segmentsBefore > 3 && report.segmentsAfter == 2)
        if compression == .lz4 { #expect(report.reclaimedBytes > 100_000) }
        let names = try files.segments()
        #expect(names.filter { !$0.hasSuffix(".idx") }.count == 2, "\(names)")
        let verification = try await StrataStore.verify(at: directory.path)
        #expect(verification.isSound, "\(verification.damage)")
        try await StrataStore.with(directory, options) { store in
            let events = try await store.allEvents()
            #expect(events.count == 1_200)
            _ = try await store.events.append([sampleEvent()], to: streams[1], expecting: .exactly(240))
        }
    }

    @Test(arguments: CompactionOptions.Compression.allCases)
    func nothingIsLeftOfADeletedStream(_ compression: CompactionOptions.Compression) async throws {
        let streams = streams(4)
        let (ids, remaining) = try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams)
            let ids = try await store.events.readStream(streams[0]).collect().map(\.id)
            try await store.snapshots.save(
                Snapshot(
                    stream: streams[0], version: 240, schemaVersion: 1, createdAt: .distantPast,
                    state: Bytes("\"\(marker)\"")))
            // What is erased then lies in blocks already.
            let written = try files.contents().keys
            _ = try await store.compact(CompactionOptions(compression: compression, targetSegmentBytes: 64 << 10))
                .report()
            let before = try filesHolding(marker)
            #expect(before.count > 2 && before.contains { $0.hasPrefix("snapshots/") })
            let isCompressed = before.contains { !written.contains($0) && $0.hasPrefix("events/") }
            #expect(isCompressed == (compression == .lz4))
            _ = try await store.events.delete(streams[0], mode: .tombstone, expecting: .streamExists)
            let remaining = try await store.allEvents()
            let report = try await store.compact(CompactionOptions(compression: compression)).report()
            #expect(report.releasedEvents == 240 && report.orphanedSnapshots == 1)
            #expect(report.leftovers.isEmpty && report.reclaimedBytes > 0)
            let after = try await store.allEvents()
            #expect(after == remaining)
            return (ids, remaining)
        }
        #expect(try filesHolding(marker) == [])
        for (name, data) in try expandedFiles() {
            for id in ids {
                let id = withUnsafeBytes(of: id.uuid) { Data($0) }
                #expect(data.range(of: id) == nil, "\(name)")
            }
        }
        try await StrataStore.with(directory, options) { store in
            let events = try await store.allEvents()
            #expect(events == remaining)
            let status = try await store.events.status(of: streams[0])
            #expect(status == StreamStatus(version: 240, firstVersion: 241, isTombstoned: true))
            let position = try await store.events.currentPosition()
            #expect(position == 960)
        }
        let verification = try await StrataStore.verify(at: directory.path)
        #expect(verification.isSound, "\(verification.damage)")
    }

    @Test func aTruncatedStreamKeepsTheRest() async throws {
        let streams = streams(3)
        try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams)
            // In the middle of a commit of two events.
            _ = try await store.events.truncate(streams[0], before: 42, expecting: .any)
            let before = try await store.allEvents()
            let report = try await store.compact().report()
            #expect(report.releasedEvents == 41)
            let after = try await store.allEvents()
            #expect(after == before)
            let versions = try await store.events.readStream(streams[0]).collect().map(\.version)
            #expect(versions == Array(42...240))
            let again = try await store.compact().report()
            #expect(again.rewrites.isEmpty && again.reclaimedBytes == 0)
        }
        try await StrataStore.with(directory, options) { store in
            let status = try await store.events.status(of: streams[0])
            #expect(status == StreamStatus(version: 240, firstVersion: 42, isTruncated: true))
            _ = try await store.events.append([sampleEvent()], to: streams[0], expecting: .exactly(240))
        }
    }

    @Test func aSecondCompactionFindsNothingToDo() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams(4))
            _ = try await store.compact().report()
            let contents = try files.contents()
            let report = try await store.compact().report()
            #expect(report.rewrites.isEmpty)
            let contentsAfter = try files.contents()
            #expect(contentsAfter == contents)
        }
    }

    @Test func snapshotsThatDoNotCountGo() async throws {
        let streams = streams(3)
        try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams, rounds: 4)
            for version in 1...5 {
                for stream in streams {
                    try await store.snapshots.save(
                        Snapshot(
                            stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
                            state: Bytes("\"state \(version)\"")))
                }
            }
            _ = try await store.snapshots.delete(for: streams[2])
            let report = try await store.compact().report()
            #expect(report.snapshotBytesAfter < report.snapshotBytesBefore / 2)
            let latest = try await store.snapshots.latest(for: streams[0])
            #expect(latest?.version == 5)
            try await store.snapshots.save(
                Snapshot(
                    stream: streams[1], version: 6, schemaVersion: 1, createdAt: .distantPast, state: Bytes("6")))
        }
        #expect(try files.names("snapshots").count == 1)
        try await StrataStore.with(directory, options) { store in
            var latest: [Snapshot?] = []
            for stream in streams { latest.append(try await store.snapshots.latest(for: stream)) }
            #expect(latest.map { $0?.version } == [5, 6, nil])
            #expect(latest[0]?.state == Bytes("\"state 5\""))
        }
    }

    @Test func aCancelledJobLosesNothing() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams(4))
            let before = try await store.allEvents()
            let job = store.compact(CompactionOptions(maxBytesPerSecond: 1_000))
            job.cancel()
            let report = try await job.report()
            #expect(report.isCancelled && report.rewrites.isEmpty)
            let after = try await store.allEvents()
            #expect(after == before)
            let names = try files.segments()
            #expect(names.allSatisfy { !$0.contains("-") })
        }
    }

    @Test func progressEndsWithTheJob() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store, streams: streams(4))
            let job = store.compact()
            var last: JobProgress?
            for await progress in job.progress { last = progress }
            let report = try await job.report()
            #expect(report.rewrites.count == 1)
            let progress = try #require(last)
            #expect(progress.bytesTotal > 0 && progress.bytesDone <= progress.bytesTotal)
        }
    }

    @Test func aStoreForReadingOnlyIsNotCompacted() async throws {
        try await StrataStore.with(directory, options) { _ in }
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
            do {
                _ = try await store.compact().report()
                Issue.record("it was compacted")
            } catch {
                #expect((error as? StrataError)?.code == .readOnly)
            }
        }
    }
}
