import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// Whoever reads while a compaction takes segments away reads on as if nothing had happened.
@Suite struct ReadingBesideCompactionTests {
    private let directory = TemporaryDirectory()
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let streams = (0..<5).map { _ in sampleStream() }

    private func fill(_ store: StrataStore, count: Int = 2_000) async throws {
        for number in 0..<count {
            let event = sampleEvent("number \(number) of very many orders that are all alike")
            _ = try await store.events.append([event], to: streams[number % streams.count], expecting: .any)
        }
    }

    /// Appends texts of a number, over and over, so that a segment has many pieces; gives all events, backward.
    private func fillPieces(_ store: StrataStore, count: Int, repeating times: Int) async throws -> [RecordedEvent] {
        for number in 0..<count {
            let event = sampleEvent(String(repeating: "\(number) ", count: times))
            _ = try await store.events.append([event], to: streams[number % 5], expecting: .any)
        }
        return try await store.events.readAll(direction: .backward).collect()
    }

    /// Reads in small batches, and compacts behind the first one.
    private func read(
        _ store: StrataStore, _ query: FeedQuery, compacting options: [CompactionOptions]
    ) async throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        var iterator = store.events.read(query).makeAsyncIterator()
        var rest = options[...]
        while let batch = try await iterator.next() {
            events += batch
            if let options = rest.popFirst() { _ = try await store.compact(options).report() }
        }
        return events
    }

    @Test(arguments: [ReadDirection.forward, .backward])
    func aLongExportEndsWithTheSameEvents(_ direction: ReadDirection) async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            _ = try await store.events.delete(streams[0], mode: .soft, expecting: .any)
            let before = try await store.events.readAll(direction: direction).collect()
            let during = try await read(
                store, FeedQuery(direction: direction),
                compacting: [
                    CompactionOptions(compression: .none, targetSegmentBytes: 128 << 10), CompactionOptions(),
                ])
            let after = try await store.events.readAll(direction: direction).collect()
            #expect(before.count == 1_600)
            let isSame = during == before && after == before
            #expect(isSame, "\(during.count) and \(after.count) events")
        }
    }

    /// The segment has many pieces, and is the active one when the walk begins.
    @Test func aWalkBackwardGoesOnInASegmentThatIsSealedAndReplaced() async throws {
        try await StrataStore.with(directory, StrataOptions(segmentBytes: 4 << 20, idleMarkDelay: nil)) { store in
            let before = try await fillPieces(store, count: 1_500, repeating: 300)
            let during = try await read(
                store, FeedQuery(direction: .backward), compacting: [CompactionOptions()])
            #expect(before.count == 1_500)
            let isSame = during == before
            #expect(isSame, "\(during.count) events")
        }
    }

    /// It stays as it is when it is sealed, and nothing begins anew.
    @Test func aWalkBackwardGoesOnInASegmentThatIsSealed() async throws {
        try await StrataStore.with(directory, StrataOptions(segmentBytes: 4 << 20, idleMarkDelay: nil)) { store in
            let before = try await fillPieces(store, count: 40, repeating: 25_000)
            var during: [RecordedEvent] = []
            var iterator = store.events.read(FeedQuery(direction: .backward)).makeAsyncIterator()
            while let batch = try await iterator.next() {
                if during.isEmpty {
                    let event = sampleEvent(String(repeating: "z", count: 3 << 20))
                    _ = try await store.events.append([event], to: streams[0], expecting: .any)
                }
                during += batch
            }
            #expect(try StoreFiles(directory).segments().count == 2)
            let isSame = during == before
            #expect(isSame, "\(during.count) events")
        }
    }

    /// Gives a store, and a device under which it is compacted right before a file of events is opened for reading.
    private func withInterference(
        _ body: @escaping @Sendable (StrataStore, any Device) throws(StrataError) -> Void
    ) async throws {
        let store = try await StrataStore.open(at: directory.path, options: options)
        try await fill(store, count: 100)
        _ = try await store.events.delete(streams[0], mode: .soft, expecting: .any)
        let device = InterferingDevice(
            try FileSystemDevice(path: directory.path), before: "events/", access: .read
        ) { _, _ in
            waiting { _ = try await store.compact().report() }
        }
        // The compaction needs the threads that tests run on.
        try await BlockingReads.run { () throws(StrataError) in try body(store, device) }
        #expect(try StoreFiles(directory).segments().contains { $0.contains("-") })
        try await store.close()
    }

    @Test func aScrubFindsTheActiveSegmentSoundThatIsReplacedMeanwhile() async throws {
        try await withInterference { store, device throws(StrataError) in
            var walk = StoreWalk(device, store.reader.index) { _ in }
            let report = try walk.run()
            #expect(report.damage.isEmpty, "\(report.damage)")
        }
    }

    @Test func aPreviewBeginsAnewWhereSegmentsAreReplacedMeanwhile() async throws {
        try await withInterference { [options] store, device throws(StrataError) in
            let sidecars = SidecarFiles(
                device: device, storeID: store.sidecars.storeID, mayWrite: false, logger: options.logger)
            let preview = try CompactionPreview(
                reader: store.reader, sidecars: sidecars, snapshots: store.snapshotIndex
            ).run(CompactionOptions())
            #expect(preview.segmentsBefore == 2 && preview.rewrites.isEmpty)
        }
    }

    @Test func aPreviewByAReaderFollowsACompactionByTheWriter() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let reader = try await StrataStore.open(at: directory.path, options: StrataOptions(access: .readOnly))
            #expect(try await reader.compactionPreview().rewrites.count == 1)
            _ = try await store.compact().report()
            #expect(try await reader.compactionPreview().rewrites.isEmpty)
            try await reader.close()
        }
    }

    /// What is really damaged is no reason to keep to what has only been replaced.
    @Test func aReaderThatOpensADamagedStoreDoesNotMissWhatIsReplacedMeanwhile() async throws {
        let files = StoreFiles(directory)
        try await StrataStore.with(directory, options) { try await fill($0) }
        let active = try #require(try files.segments().last { $0.hasSuffix(".seg") })
        let before = try files.contents()
        try await StrataStore.with(directory, options) { _ = try await $0.compact().report() }
        try files.flipBit(at: 200, of: active)
        let after = try files.contents()
        func device() throws -> any Device {
            try files.replaceContents(with: before)
            try files.flipBit(at: 200, of: active)
            return InterferingDevice(
                try FileSystemDevice(path: directory.path), before: "events/", access: .read
            ) { _, _ in try? files.replaceContents(with: after) }
        }
        let opened = try ReaderOpening(on: device(), options: StrataOptions(access: .readOnly)).run()
        #expect(opened.log.damage.map(\.file) == [active])
        let report = try StrataStore.verify(on: device())
        #expect(report.damage.map(\.file) == [active])
        #expect(report.events == 1_999)
    }

    @Test func streamsAndAppendsGoOnMeanwhile() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let streams = streams
            let job = store.compact(CompactionOptions(targetSegmentBytes: 128 << 10))
            try await withThrowingTaskGroup { group in
                for stream in streams {
                    group.addTask {
                        for version in 401...450 {
                            _ = try await store.events.append(
                                [sampleEvent()], to: stream, expecting: .exactly(version - 1))
                            let versions = try await store.events.readStream(stream).collect().map(\.version)
                            #expect(versions == Array(1...version))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let report = try await job.report()
            #expect(!report.rewrites.isEmpty)
        }
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound && report.events == 2_250, "\(report.damage)")
    }

    /// Another process has opened the store before segments were taken away.
    @Test func aReaderOfAnotherProcessGoesOn() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let before = try await store.allEvents()
            let reader = try await StrataStore.open(
                at: directory.path, options: StrataOptions(access: .readOnly, idleMarkDelay: nil))
            _ = try await store.compact().report()
            let found = try await reader.allEvents()
            // Beside a writer, the last append is not known to be durable.
            let isSame = found == before.dropLast()
            #expect(isSame, "\(found.count) of \(before.count) events")
            for stream in streams {
                let events = try await reader.events.readStream(stream).collect()
                #expect(events.map(\.version) == Array(1...events.count))
                #expect(events.count >= 399)
            }
            try await reader.close()
        }
    }

    /// What a reader of another process sees that has opened the store before it was changed.
    private func read<Found>(
        openingBefore change: (StrataStore) async throws -> Void, in store: StrataStore,
        _ body: (_ reader: StrataStore) async throws -> Found
    ) async throws -> Found {
        // What comes last is not known to be durable.
        _ = try await store.events.append([sampleEvent()], to: streams[0], expecting: .any)
        let reader = try await StrataStore.open(
            at: directory.path, options: StrataOptions(access: .readOnly, idleMarkDelay: nil))
        try await change(store)
        _ = try await store.events.append([sampleEvent()], to: streams[0], expecting: .any)
        let found = try await body(reader)
        try await reader.close()
        return found
    }

    @Test func aReaderOfAnotherProcessFindsAnEventByItsID() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let first = try #require(try await store.allEvents().first)
            let found = try await read(openingBefore: { _ = try await $0.compact().report() }, in: store) { reader in
                try await reader.events.event(withID: first.id)
            }
            #expect(found == first)
        }
    }

    /// It was opened before anything was released.
    @Test func aReaderOfAnotherProcessHidesWhatIsReleasedAndStillThere() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let order = sampleStream("Order")
            let events = (1...4).map { _ in sampleEvent() }
            _ = try await store.events.append(events, to: order, expecting: .noStream)
            let (versions, released) = try await read(
                openingBefore: { store in
                    _ = try await store.compact().report()
                    try await store.events.truncate(order, before: 3, expecting: .any)
                }, in: store
            ) { reader in
                let versions = try await reader.allEvents().filter { $0.stream == order }.map(\.version)
                return (versions, try await reader.events.event(withID: events[0].id))
            }
            #expect(versions == [3, 4])
            #expect(released == nil)
        }
    }

    /// The segment that it stood in has gone, and with it the snapshot that the reader knows of.
    @Test func aReaderOfAnotherProcessFindsTheSnapshotOfWhatIsLeft() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let order = sampleStream("Order")
            func save(_ version: Int) async throws {
                _ = try await store.events.append([sampleEvent()], to: order, expecting: .exactly(version - 1))
                try await store.snapshots.save(
                    Snapshot(
                        stream: order, version: version, schemaVersion: 1, createdAt: .distantPast,
                        state: Bytes("\(version)")))
            }
            try await save(1)
            let (before, after) = try await read(
                openingBefore: { store in
                    try await save(2)
                    try await store.events.truncate(order, before: 2, expecting: .any)
                    _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
                }, in: store
            ) { reader in
                let exists = try await reader.snapshots.exists(for: order)
                return (exists, try await reader.snapshots.latest(for: order)?.version)
            }
            #expect(before)
            #expect(after == 2)
        }
    }

    @Test func aReaderOfAnotherProcessGoesOnBehindATruncation() async throws {
        try await StrataStore.with(directory, options) { store in
            let order = sampleStream("Order")
            for _ in 1...8 { _ = try await store.events.append([sampleEvent()], to: order, expecting: .any) }
            try await fill(store)
            let versions = try await read(
                openingBefore: { store in
                    try await store.events.truncate(order, before: 5, expecting: .any)
                    _ = try await store.compact().report()
                }, in: store
            ) { reader in try await reader.events.readStream(order).collect().map(\.version) }
            #expect(versions == [5, 6, 7, 8])
        }
    }

    @Test func aRetryIsKnownBesideACompaction() async throws {
        try await StrataStore.with(directory, options) { store in
            let event = sampleEvent()
            let order = sampleStream("Order")
            _ = try await store.events.append([event], to: order, expecting: .noStream)
            try await fill(store)
            let reader = store.events.reader
            let candidates = try reader.index.candidates(forEventIDs: [event.id.bits], .verifying)
            _ = try await store.compact().report()
            let result = try EarlierAppend(reader: reader).result(
                of: EncodedCommit([event], of: order), expecting: .noStream, among: candidates)
            #expect(result?.version == 1)
        }
    }
}
