import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A salvage saves all that verifies, and names all that is gone.
@Suite struct SalvageTests {
    private let options = StrataOptions(segmentBytes: 64 << 10)

    /// Ten streams of twenty commits each over several segments; the streams in the order of their first events.
    private func fill(_ directory: TemporaryDirectory) async throws -> [StreamID] {
        let streams = (0..<10).map { _ in sampleStream() }
        try await StrataStore.with(directory, options) { store in
            for number in 0..<200 {
                let event = sampleEvent(String(repeating: "p", count: 800), tenant: "t")
                _ = try await store.events.append([event], to: streams[number % 10], expecting: .any)
            }
            for stream in streams.prefix(2) {
                try await store.snapshots.save(
                    Snapshot(stream: stream, version: 20, schemaVersion: 1, createdAt: .now(), state: Bytes("{}")))
            }
        }
        return streams
    }

    /// The frame of a position: its segment and the offset behind its header.
    private func body(of position: Int, _ directory: TemporaryDirectory) async throws -> (String, Int) {
        for name in try StoreFiles(directory).segments() {
            let inspection = try await StrataStore.inspectSegment(at: directory.file(name))
            for frame in inspection.frames where frame.positions?.contains(Position(position)) ?? false {
                return (name, frame.offset + 100)
            }
        }
        throw StrataErrorNotFound()
    }

    private struct StrataErrorNotFound: Error {}

    private func salvage(_ directory: TemporaryDirectory) async throws -> (SalvageReport, [RecordedEvent]) {
        let new = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: new.path)
        #expect(try await StrataStore.verify(at: new.path).isSound)
        let events = try await StrataStore.with(new, StrataOptions(access: .readOnly)) { try await $0.allEvents() }
        #expect(events.count == report.events)
        return (report, events)
    }

    @Test func aSoundStoreComesOverAsItIs() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let before = try await StrataStore.with(directory, options) { try await $0.allEvents() }
        let (report, events) = try await salvage(directory)
        #expect(report.isComplete)
        #expect(report.snapshots == 2)
        #expect(events == before)
    }

    @Test func aDamagedBodyCostsItsCommitAndTheReportNamesIt() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        let before = try await StrataStore.with(directory, options) { try await $0.allEvents() }
        let files = StoreFiles(directory)
        // Position 31 is version 4 of the first stream.
        let (segment, offset) = try await body(of: 31, directory)
        try files.flipBit(at: offset, of: segment)
        let contents = try files.contents()

        let (report, events) = try await salvage(directory)

        #expect(try files.contents() == contents)
        #expect(report.losses.map(\.versions) == [4...4])
        #expect(report.losses.first?.aggregateID == streams[0].id)
        #expect(report.lostPositions == [31...31])
        #expect(report.damage.map(\.file) == [segment])
        #expect(report.snapshots == 1)
        #expect(events.map(\.id) == before.map(\.id).filter { $0 != before[30].id })
        #expect(events.map(\.position) == before.map(\.position).filter { $0 != 31 })
        #expect(events.map(\.storedAt) == before.map(\.storedAt).enumerated().filter { $0.offset != 30 }.map(\.element))
        #expect(events.filter { $0.stream == streams[0] }.map(\.version) == Array(1...19))
        #expect(events.filter { $0.stream == streams[1] }.map(\.version) == Array(1...20))
    }

    @Test func theLastCommitOfAStreamIsNamedByItsHeader() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        let files = StoreFiles(directory)
        // Position 195 is the last version of the fifth stream.
        let (segment, offset) = try await body(of: 195, directory)
        try files.flipBit(at: offset, of: segment)
        let (report, events) = try await salvage(directory)
        #expect(report.losses.map(\.versions) == [20...20])
        #expect(report.losses.first?.aggregateID == streams[4].id)
        #expect(report.losses.first?.aggregateType == "Sample")
        #expect(events.count == 199)
    }

    @Test func aMissingSegmentCostsWhatItHeld() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let files = StoreFiles(directory)
        let segments = try files.segments()
        let gone = try await StrataStore.inspectSegment(at: directory.file(segments[1]))
        let positions = gone.frames.compactMap(\.positions)
        let lost = try #require(positions.first).lowerBound...(try #require(positions.last)).upperBound
        try files.remove(segments[1])
        let (report, events) = try await salvage(directory)
        #expect(report.lostPositions == [lost])
        #expect(events.count == 200 - positions.count)
        #expect(report.losses.reduce(0) { $0 + $1.versions.count } == positions.count)
    }

    /// Has each sealed segment compressed, and gives the names of all, and which positions each stands for.
    private func compress(_ directory: TemporaryDirectory) async throws -> [(name: String, positions: Range<Int>)] {
        try await StrataStore.with(directory, options) { store in
            _ = try await store.compact(CompactionOptions(minMergedSegments: 100)).report()
        }
        let names = try StoreFiles(directory).segments().filter { $0.hasSuffix(".seg") }
        let firsts = try names.map { name in
            try #require(Int(name.drop { $0 != "/" }.dropFirst().prefix(20)))
        }
        return zip(names, zip(firsts, firsts.dropFirst() + [201])).map { ($0, $1.0..<$1.1) }
    }

    @Test(arguments: [false, true])
    func aMissingSegmentBeforeACompactedOneIsNamed(withoutManifest: Bool) async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let segments = try await compress(directory)
        #expect(segments.count > 2 && segments[1].name.contains("-"))
        try StoreFiles(directory).remove(segments[0].name)
        if withoutManifest { try StoreFiles(directory).remove("MANIFEST") }
        let (report, events) = try await salvage(directory)
        #expect(report.lostPositions == [segments[0].positions.closed])
        #expect(events.count == 200 - segments[0].positions.count)
    }

    @Test func missingSegmentsAtTheEndAreNamed() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let segments = try await compress(directory)
        let (last, active) = (segments[segments.count - 2], segments[segments.count - 1])
        // What was in the active segment, nothing tells any longer.
        try StoreFiles(directory).remove(last.name)
        try StoreFiles(directory).remove(active.name)
        let (report, events) = try await salvage(directory)
        #expect(report.lostPositions == [last.positions.closed])
        #expect(events.count == last.positions.lowerBound - 1)
    }

    @Test func aDamagedFooterOfACompactedSegmentCostsNothing() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        // Its end holds nothing that is left.
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.delete(streams[0], mode: .soft, expecting: .any)
        }
        let segments = try await compress(directory)
        let files = StoreFiles(directory)
        let length = try #require(try files.contents()[segments[1].name]).count
        try files.flipBit(at: length - 20, of: segments[1].name)
        let (report, events) = try await salvage(directory)
        #expect(report.damage.count == 1)
        #expect(report.lostPositions == [] && report.losses.isEmpty)
        #expect(events.count == 180)
    }

    @Test func aDamagedSnapshotIsNamed() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let name = "snapshots/00000000000000000001.seg"
        try StoreFiles(directory).flipBit(at: 200, of: name)
        let (report, events) = try await salvage(directory)
        #expect(report.damagedSnapshots.map(\.file) == [name])
        #expect(!report.isComplete && report.damage.isEmpty)
        #expect(events.count == 200)
    }

    @Test func aDamagedHeaderOfASegmentCostsNothing() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let before = try await StrataStore.with(directory, options) { try await $0.allEvents() }
        let files = StoreFiles(directory)
        try files.flipBit(at: 20, of: try files.segments()[0])
        let (report, events) = try await salvage(directory)
        #expect(report.losses.isEmpty)
        #expect(report.damage.count == 1)
        #expect(events == before)
    }

    @Test func aStoreWithoutItsManifestIsSaved() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let files = StoreFiles(directory)
        try files.remove("MANIFEST")
        let (report, _) = try await salvage(directory)
        #expect(report.events == 200)
    }

    @Test func nothingIsOverwritten() async throws {
        let directory = TemporaryDirectory()
        let other = TemporaryDirectory()
        _ = try await fill(directory)
        try await StrataStore.with(other) { _ in }
        let before = try StoreFiles(other).contents()
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.salvage(from: directory.path, into: other.path)
        }
        #expect(error?.code == .cannotCreate)
        #expect(try StoreFiles(other).contents() == before)
    }

    private func snapshot(of stream: StreamID, version: Int) -> Snapshot {
        Snapshot(stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}"))
    }

    @Test func snapshotsThatCouldNotBeSyncedAreNotReported() async throws {
        let source = SimulatedDevice(seed: 1)
        let stream = sampleStream()
        let store = try await StrataStore.open(on: source, options: StrataOptions(idleMarkDelay: nil))
        _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
        try await store.snapshots.save(snapshot(of: stream, version: 1))
        try await store.close()
        let plain = SimulatedDevice(seed: 2)
        plain.keepCalls()
        _ = try await StrataStore.salvage(from: source, into: plain)
        let syncs = plain.log.filter { $0.operation == .sync && $0.name.hasPrefix("snapshots/") }
        // Behind that of the header.
        let failing = SimulatedDevice(seed: 2)
        failing.inject([DeviceFault(atCall: try #require(syncs.dropFirst().first).number, .error(EIO))])
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.salvage(from: source, into: failing)
        }
        #expect(error?.code == .ioFailure)
    }

    /// A projection that has got there would pass over the events that came in their place.
    @Test func positionsThatAreLostAtTheEndAreNotGivenOutAgain() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        for position in [199, 200] {
            let (segment, offset) = try await body(of: position, directory)
            try StoreFiles(directory).flipBit(at: offset, of: segment)
        }
        let new = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: new.path)
        #expect(report.lostPositions == [199...200] && report.losses.map(\.versions) == [20...20, 20...20])
        for _ in 1...2 {
            #expect(try await StrataStore.verify(at: new.path).isSound)
            try await StrataStore.with(new, options) { store in
                _ = try await store.events.append([sampleEvent()], to: streams[0], expecting: .any)
            }
        }
        let positions = try await StrataStore.with(new, options) { try await $0.allEvents().map(\.position) }
        #expect(positions.suffix(4) == [197, 198, 201, 202])
    }

    @Test func aManifestOfWhatWasSavedCanBeMadeAgain() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        for position in [31, 32, 33, 60, 90] {
            let (segment, offset) = try await body(of: position, directory)
            try StoreFiles(directory).flipBit(at: offset, of: segment)
        }
        let destination = SimulatedDevice(seed: 1)
        let report = try await StrataStore.salvage(
            from: FileSystemDevice(path: directory.path), into: destination,
            options: StrataOptions(segmentBytes: 1 << 10))
        #expect(report.lostPositions == [31...33, 60...60, 90...90])
        var storage = destination.storage
        #expect(storage.contents.keys.filter { $0.hasSuffix(".seg") }.count > 150)
        storage[file: "MANIFEST"] = nil
        let plan = try StrataStore.recover(on: SimulatedDevice(storage), dryRun: true)
        #expect(plan.unrecoverable.isEmpty && plan.steps.count == 1)
    }

    @Test(arguments: [[8, 18], [18]])
    func aTruncatedStreamKeepsTheSnapshotBeforeWhatItLost(snapshots: [Int]) async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        try await StrataStore.with(directory, options) { store in
            // The eighth stream has none yet.
            for version in snapshots { try await store.snapshots.save(snapshot(of: streams[7], version: version)) }
            _ = try await store.events.truncate(streams[7], before: 5, expecting: .any)
        }
        // Position 118 is its version 12.
        let (segment, offset) = try await body(of: 118, directory)
        try StoreFiles(directory).flipBit(at: offset, of: segment)
        let new = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: new.path)
        #expect(report.losses.map(\.versions) == [12...12] && report.damagedSnapshots.isEmpty)
        let isKept = snapshots.count > 1
        #expect(report.snapshots == (isKept ? 3 : 2))
        #expect(report.streamsWithoutState == (isKept ? [] : [streams[7]]))
        try await StrataStore.with(new) { store in
            let latest = try await store.snapshots.latest(for: streams[7])
            #expect(latest?.version == (isKept ? 8 : nil))
            let versions = try await store.events.readStream(streams[7], from: 5).collect().map(\.version)
            #expect(versions == Array(5...19))
        }
    }

    /// A stream that began anew has lost no state.
    @Test func aStreamThatWasDeletedAndBegunAnewNeedsNoSnapshot() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.delete(streams[7], mode: .soft, expecting: .any)
            for _ in 0..<3 { _ = try await store.events.append([sampleEvent()], to: streams[7], expecting: .any) }
        }
        let (segment, offset) = try await body(of: 202, directory)
        try StoreFiles(directory).flipBit(at: offset, of: segment)
        let report = try await StrataStore.salvage(from: directory.path, into: TemporaryDirectory().path)
        #expect(report.losses.map(\.versions) == [22...22] && report.streamsWithoutState == [])
    }

    /// Of which no event is lost, but the only snapshot.
    @Test func aTruncatedStreamWithoutItsSnapshotIsNamed() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.truncate(streams[0], before: 5, expecting: .any)
        }
        try StoreFiles(directory).flipBit(at: 200, of: "snapshots/00000000000000000001.seg")
        let report = try await StrataStore.salvage(from: directory.path, into: TemporaryDirectory().path)
        #expect(report.losses == [] && report.streamsWithoutState == [streams[0]])
    }

    /// Of what nobody can load, a snapshot of a released event says nothing.
    @Test func aSnapshotOfAReleasedEventIsNotBroughtOver() async throws {
        let directory = TemporaryDirectory()
        let streams = try await fill(directory)
        try await StrataStore.with(directory, options) { store in
            for version in [3, 18] { try await store.snapshots.save(snapshot(of: streams[7], version: version)) }
            _ = try await store.events.truncate(streams[7], before: 5, expecting: .any)
        }
        let (segment, offset) = try await body(of: 118, directory)
        try StoreFiles(directory).flipBit(at: offset, of: segment)
        let report = try await StrataStore.salvage(from: directory.path, into: TemporaryDirectory().path)
        #expect(report.snapshots == 2 && report.streamsWithoutState == [streams[7]])
    }

    @Test func aManifestThatCannotBeTrustedIsNamed() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let files = StoreFiles(directory)
        let manifest = try files.read("MANIFEST")
        try files.flipBit(at: 30, of: "MANIFEST")
        let damaged = try await salvage(directory).0
        #expect(damaged.events == 200 && damaged.damage.map(\.file) == ["MANIFEST"] && !damaged.isComplete)
        try files.remove("MANIFEST")
        let missing = try await salvage(directory).0
        #expect(missing.events == 200 && missing.damage.map(\.file) == ["MANIFEST"] && !missing.isComplete)
        try files.write(manifest.with(UInt16(3), at: 8).resealed, to: "MANIFEST")
        let destination = SimulatedDevice(seed: 1)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.salvage(from: FileSystemDevice(path: directory.path), into: destination)
        }
        #expect(error?.code == .unsupportedFormat && destination.storage.contents.isEmpty)
    }

    @Test func nobodyElseGetsTheLockBeforeTheSnapshotsAreThere() async throws {
        let directory = TemporaryDirectory()
        _ = try await fill(directory)
        let codes = Mutex<[StrataError.Code?]>([])
        let destination = InterferingDevice(SimulatedDevice(seed: 1), before: "snapshots/") { base, _ in
            let result = Result { () throws(StrataError) in try WriterLock.take(on: base) }
            codes.withLock {
                if case .failure(let error) = result { $0.append(error.code) } else { $0.append(nil) }
            }
        }
        _ = try await StrataStore.salvage(from: FileSystemDevice(path: directory.path), into: destination)
        #expect(codes.withLock { $0 } == [.locked])
    }

    @Test func aSnapshotOfEventsThatAreSavedIsTakenWhereTheLatestOneIsAhead() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        try await StrataStore.with(directory, options) { store in
            for version in 1...3 {
                _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any)
                if version > 1 { try await store.snapshots.save(snapshot(of: stream, version: version)) }
            }
        }
        let (segment, offset) = try await body(of: 3, directory)
        try StoreFiles(directory).truncate(segment, to: offset - 100)
        let new = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: new.path)
        #expect(report.snapshots == 1)
        let latest = try await StrataStore.with(new) { try await $0.snapshots.latest(for: stream) }
        #expect(latest?.version == 2)
    }
}

extension Range<Int> {
    fileprivate var closed: ClosedRange<Position> { Position(lowerBound)...Position(upperBound - 1) }
}
