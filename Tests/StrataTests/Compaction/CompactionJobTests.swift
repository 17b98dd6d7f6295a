import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// How a compaction is planned, slowed down and ended, and what it lets go of.
@Suite struct CompactionJobTests {
    private let directory = TemporaryDirectory()
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    private func fill(_ store: StrataStore, count: Int = 1_000) async throws {
        let stream = sampleStream()
        for _ in 0..<count { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
    }

    /// A segment of so many bytes, most of which are said to be released.
    private func segment(_ number: UInt64, bytes: Int) -> CompactionPlan.Segment {
        let entry = Manifest.SealedSegment(
            firstPosition: number, lastPosition: number, bytes: UInt64(bytes), eventCount: 1, commitCount: 1, digest: 0)
        var survey = SegmentSurvey(wholeOf: entry)
        survey.releasedEvents = 1
        survey.releasedBytes = survey.liveBytes - 1_000
        survey.liveBytes = 1_000
        return CompactionPlan.Segment(entry, survey)
    }

    @Test func whatIsMergedFitsIntoASegmentEvenIfNothingOfItIsReleased() {
        let segments = (1...9).map { segment($0, bytes: 1 << 30) }
        let plan = CompactionPlan(segments, CompactionOptions())
        let lengths = plan.groups.map { $0.inputs.reduce(0) { $0 + Int($1.contentLength) } }
        #expect(lengths == Array(repeating: 3 << 30, count: 3))
        // A segment with its blocks' headers and the footer.
        #expect(lengths.allSatisfy { $0 + $0 / 32 < Format.longestSegment })
    }

    /// However little their entries claim.
    @Test(arguments: [48, Format.segmentHeaderBytes])
    func segmentsOfNothingAreMergedAtOnce(contentLength: Int) {
        let segments = (1...10_000).map { (number: UInt64) in
            let entry = Manifest.SealedSegment(
                firstPosition: number, lastPosition: number, bytes: 48, eventCount: 0, commitCount: 0, digest: 0,
                generation: 1, contentLength: UInt64(contentLength))
            return CompactionPlan.Segment(entry, SegmentSurvey(wholeOf: entry))
        }
        #expect(CompactionPlan(segments, CompactionOptions()).groups.map(\.segments.count) == [10_000])
    }

    @Test(.timeLimit(.minutes(10))) func closingEndsAJobThatIsSlow() async throws {
        let store = try await StrataStore.open(at: directory.path, options: options)
        try await fill(store)
        let job = store.compact(CompactionOptions(maxBytesPerSecond: 1))
        var progress = job.progress.makeAsyncIterator()
        _ = await progress.next()
        try await store.close()
        let report = try await job.report()
        #expect(report.isCancelled && report.rewrites.isEmpty)
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    @Test func aJobThatIsCancelledOnTheWayPurgesNothing() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let file = try StoreFile(StoreLayout.quarantine + "/kept", .create, on: device)
        try file.write([1].span.bytes, at: 0)
        let compactor = try #require(store.compactor)
        let options = CompactionOptions(purgesQuarantine: true)
        let control = CompactionControl()
        device.beforeCalls { operation, name in
            if operation == .list, name == StoreLayout.snapshots { control.cancel() }
        }
        let cancelled = try await compactor.run(options, control)
        #expect(cancelled.isCancelled && cancelled.purged.isEmpty)
        #expect(try device.list(StoreLayout.quarantine) == ["kept"])
        device.beforeCalls(nil)
        #expect(try await compactor.run(options, CompactionControl()).purged.map(\.name) == ["kept"])
        #expect(try device.list(StoreLayout.quarantine) == [])
    }

    @Test func aJobThatIsCancelledWhileItWaitsDoesNothing() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        for _ in 1...2 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
        _ = try await store.events.truncate(stream, before: 2, expecting: .any)
        let control = CompactionControl()
        control.cancel()
        let compactor = try #require(store.compactor)
        let calls = try await device.changes {
            let report = try await compactor.run(.automatic, control)
            #expect(report.isCancelled)
        }
        #expect(calls == [])
    }

    @Test func noTimeCountsBeforeTheFirstBytes() {
        var throttle = Throttle(bytesPerSecond: 1_000)
        usleep(600_000)
        var questions = 0
        throttle.wait(for: 500) {
            questions += 1
            return questions > 1
        }
        #expect(questions > 1)
    }

    /// The names of what this process has open or mapped of the directory, although it was removed.
    private func removedFilesInUse() throws -> [String] {
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        let mappings = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n")
            .map { String($0.drop { $0 != "/" }) }
        return (descriptors + mappings).filter { $0.hasPrefix(directory.path) && $0.hasSuffix("(deleted)") }
    }

    @Test func segmentsThatWereReplacedAreLetGoOf() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let snapshot = try await save(store)
            let reader = try await StrataStore.open(at: directory.path, options: StrataOptions(access: .readOnly))
            // Nothing tells it yet that the last one is durable.
            #expect(try await reader.allEvents().count == 999)
            #expect(try await store.allEvents().count == 1_000)
            #expect(try await store.snapshots.latest(for: snapshot.stream) == snapshot)
            let report = try await store.compact().report()
            #expect(!report.rewrites.isEmpty)
            // Has it see that there are others.
            #expect(try await reader.compactionPreview().rewrites.isEmpty)
            let inUse = try removedFilesInUse()
            #expect(inUse == [])
            #expect(try await reader.allEvents().count == 1_000)
            #expect(try await store.snapshots.latest(for: snapshot.stream) == snapshot)
            try await reader.close()
        }
    }

    /// Saves a snapshot behind one that it supersedes.
    private func save(_ store: StrataStore) async throws -> Snapshot {
        let stream = try #require(try await store.allEvents().first).stream
        var snapshot: Snapshot?
        for version in [400, 500] {
            let next = Snapshot(
                stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes(String(repeating: "s", count: 1_000)))
            try await store.snapshots.save(next)
            snapshot = next
        }
        return try #require(snapshot)
    }

    @Test func aJobAndItsPreviewCountTheSameSegments() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store, count: 10)
            let stream = try #require(try await store.allEvents().first).stream
            _ = try await store.events.truncate(stream, before: 5, expecting: .any)
            let preview = try await store.compactionPreview()
            let report = try await store.compact().report()
            #expect((preview.segmentsBefore, preview.segmentsAfter) == (1, 2))
            #expect((report.segmentsBefore, report.segmentsAfter) == (1, 2))
        }
    }

    @Test func damagedSnapshotsThatHadToStayAreToldOf() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            _ = try await save(store)
        }
        try StoreFiles(directory).flipBit(at: 200, of: "snapshots/00000000000000000001.seg")
        try await StrataStore.with(directory, options) { store in
            let stream = try #require(try await store.allEvents().first).stream
            _ = try await store.events.delete(stream, mode: .soft, expecting: .any)
            #expect(try await store.compact().report().leavesDamagedSnapshots)
        }
        _ = try await StrataStore.recover(at: directory.path)
        try await StrataStore.with(directory, options) { store in
            let report = try await store.compact().report()
            #expect(!report.leavesDamagedSnapshots)
        }
    }
}
