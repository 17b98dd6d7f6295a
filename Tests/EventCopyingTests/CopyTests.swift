import EventCopying
import EventSourcing
import Foundation
import Strata
import Testing

/// A copy holds what the source holds.
@Suite struct CopyTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func copiesEverythingBetweenStoresInMemory(seed: UInt64) async throws {
        let source = try await SampleStore(seed: seed)
        let (events, snapshots) = (InMemoryEventStore(), InMemorySnapshotStore())
        let report = try await copy(source, to: CopyableStore(events: events, snapshots: snapshots))
        #expect(report.isIdentical, "\(report.differences)")
        let expected = try await StoreContents(of: source.events, snapshots: source.snapshots)
        #expect(try await StoreContents(of: events, snapshots: snapshots) == expected)
        #expect(report.events == expected.events.count && report.eventsCopied == report.events)
        #expect(report.releasedStreams == expected.released.count)
        #expect(report.snapshots == expected.snapshots.count && report.snapshots > 0)
    }

    @Test func copiesEverythingToFilesAndBack() async throws {
        let source = try await SampleStore(seed: 4)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("copy-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try await StrataStore.open(at: folder, options: StrataOptions(segmentBytes: 64 << 10))
        let there = try await copy(source, to: CopyableStore(events: store.events, snapshots: store.snapshots))
        #expect(there.isIdentical, "\(there.differences)")
        try await store.close()
        let reopened = try await StrataStore.open(at: folder, options: StrataOptions(access: .readOnly))
        let (events, snapshots) = (InMemoryEventStore(), InMemorySnapshotStore())
        var back = StoreCopy(
            from: CopyableStore(events: reopened.events, snapshots: reopened.snapshots),
            to: CopyableStore(events: events, snapshots: snapshots))
        #expect(try await back.copy())
        #expect(try await back.verify().isIdentical)
        try await reopened.close()
        let expected = try await StoreContents(of: source.events, snapshots: source.snapshots)
        #expect(try await StoreContents(of: events, snapshots: snapshots) == expected)
        #expect(try await StrataStore.verify(at: folder).isSound)
    }

    @Test func anAppendThatIsRepeatedBehindTheCopyIsKnown() async throws {
        let (source, destination) = (InMemoryEventStore(clock: SampleClock().next), InMemoryEventStore())
        let stream = StreamID("Order", UUID())
        let events = (0..<3).map { _ in NewEvent(type: "Placed", payload: Bytes("{}")) }
        _ = try await source.append(events, to: stream, expecting: .noStream)
        _ = try await source.append([NewEvent(type: "Placed", payload: Bytes("1"))], to: stream, expecting: .any)
        var copy = StoreCopy(from: CopyableStore(events: source), to: CopyableStore(events: destination))
        #expect(try await copy.copy())
        let result = try await destination.append(events, to: stream, expecting: .exactly(0))
        #expect(result.version == 3)
        #expect(try await destination.version(of: stream) == 4)
    }

    @Test func aStoredAtThatGoesBackInTheSourceIsTheLastOneAgain() async throws {
        let source = InMemoryEventStore(clock: SampleClock().next)
        let stream = StreamID("Order", UUID())
        for _ in 0..<3 {
            _ = try await source.append([NewEvent(type: "A", payload: Bytes("1"))], to: stream, expecting: .any)
        }
        let backwards = InterposedStore(
            source,
            feed: { events in
                events.map { event in
                    RecordedEvent(
                        NewEvent(event), stream: event.stream, version: event.version, position: event.position,
                        storedAt: Timestamp(seconds: 100 - Int64(event.version), nanoseconds: 0) ?? .now())
                }
            })
        let destination = InMemoryEventStore()
        var copy = StoreCopy(from: CopyableStore(events: backwards), to: CopyableStore(events: destination))
        #expect(try await copy.copy())
        #expect(try await copy.verify().isIdentical)
        let times = try await destination.readAll().collect().map(\.storedAt)
        #expect(times == times.sorted() && Set(times).count == 1)
    }

    @Test func copiesWhatCameSinceTheLastTime() async throws {
        let source = try await SampleStore(seed: 5)
        let destination = InMemoryEventStore()
        let to = CopyableStore(events: destination, snapshots: InMemorySnapshotStore())
        #expect(try await copy(source, to: to).isIdentical)
        for stream in source.streams where try await !source.events.status(of: stream).isTombstoned {
            _ = try await source.events.append(
                [NewEvent(type: "Late", payload: Bytes("1"))], to: stream, expecting: .any)
        }
        let again = try await copy(source, to: to)
        #expect(again.isIdentical && again.eventsCopied < again.events && again.eventsCopied > 0)
        let third = try await copy(source, to: to)
        #expect(third.isIdentical && third.eventsCopied == 0 && third.snapshotsCopied == 0)
    }

    /// What the source shows may be damaged there, or of later events.
    @Test(arguments: [nil, 5] as [Int?])
    func aGoodSnapshotStaysWhereTheSourceShowsNone(theirs: Int?) async throws {
        let sample = try await SnapshotSample(snapshotAt: 3)
        #expect(try await sample.copy().isIdentical)
        let kept = try #require(try await sample.kept.latest(for: sample.stream))
        if let theirs {
            // Taken between the copy of the events and the look at the snapshots.
            try await sample.snapshots.save(sample.snapshot(at: theirs))
        } else {
            try await sample.snapshots.delete(for: sample.stream)
        }
        let again = try await sample.copy()
        #expect(again.isIdentical && again.snapshotsCopied == 0)
        #expect(try await sample.kept.latest(for: sample.stream) == kept)
        #expect(try await sample.compare().isIdentical)
    }

    @Test func aSnapshotOfEventsThatWereNotCopiedIsDeletedWhereTheSourceShowsNone() async throws {
        let sample = try await SnapshotSample(snapshotAt: nil)
        try await sample.kept.save(sample.snapshot(at: 9))
        #expect(try await sample.copy().isIdentical)
        #expect(try await sample.kept.latest(for: sample.stream) == nil)
    }

    /// A truncated stream cannot be loaded without a snapshot of what is left.
    @Test(arguments: [2, 9])
    func aTruncatedStreamWithoutAUsableSnapshotIsADifference(theirs: Int) async throws {
        let sample = try await SnapshotSample(snapshotAt: theirs)
        try await sample.source.truncate(sample.stream, before: 3, expecting: .any)
        #expect(try await sample.copy().differences == [.snapshot(sample.stream)])
        #expect(try await sample.compare().differences == [.snapshot(sample.stream)])
        try await sample.snapshots.delete(for: sample.stream)
        try await sample.snapshots.save(sample.snapshot(at: 3))
        #expect(try await sample.copy().isIdentical)
        #expect(try await sample.compare().isIdentical)
    }

    @Test func aTruncatedStreamThatNeverHadASnapshotIsNone() async throws {
        let sample = try await SnapshotSample(snapshotAt: nil)
        try await sample.source.truncate(sample.stream, before: 3, expecting: .any)
        #expect(try await sample.copy().isIdentical)
        #expect(try await sample.compare().isIdentical)
    }

    /// What the source shows of a truncated stream may stand before the events that are left, where a later one is damaged.
    @Test func aUsableSnapshotIsNotReplacedByOneThatIsNone() async throws {
        let sample = try await SnapshotSample(snapshotAt: 3)
        try await sample.source.truncate(sample.stream, before: 3, expecting: .any)
        #expect(try await sample.copy().isIdentical)
        let kept = try #require(try await sample.kept.latest(for: sample.stream))
        try await sample.snapshots.delete(for: sample.stream)
        try await sample.snapshots.save(sample.snapshot(at: 1))
        #expect(try await sample.copy().isIdentical)
        #expect(try await sample.kept.latest(for: sample.stream) == kept)
    }

    /// An aggregate that was erased must not live on in the copy.
    @Test(arguments: [DeletionMode.soft, .tombstone])
    func theSnapshotOfAnErasedAggregateIsErasedInTheCopy(mode: DeletionMode) async throws {
        let sample = try await SnapshotSample(snapshotAt: 3)
        #expect(try await sample.copy().isIdentical)
        try await sample.source.delete(sample.stream, mode: mode, expecting: .any)
        try await sample.snapshots.delete(for: sample.stream)
        let again = try await sample.copy()
        #expect(again.isIdentical && again.snapshotsCopied == 1 && again.snapshots == 0)
        #expect(try await sample.kept.latest(for: sample.stream) == nil)
        #expect(try await sample.compare().isIdentical)
        #expect(try await sample.copy().snapshotsCopied == 0)
        try await sample.kept.save(sample.snapshot(at: 3))
        #expect(try await sample.compare().differences == [.snapshot(sample.stream)])
    }

    /// The same where the stream has begun again.
    @Test func theSnapshotOfAnEarlierLifeIsErasedInTheCopy() async throws {
        let sample = try await SnapshotSample(snapshotAt: 3)
        #expect(try await sample.copy().isIdentical)
        try await sample.source.delete(sample.stream, mode: .soft, expecting: .any)
        try await sample.snapshots.delete(for: sample.stream)
        try await sample.append(1)
        #expect(try await sample.copy().isIdentical)
        #expect(try await sample.kept.latest(for: sample.stream) == nil)
    }

    @Test func anEmptyStoreHasAnEmptyCopy() async throws {
        var copy = StoreCopy(
            from: CopyableStore(events: InMemoryEventStore()), to: CopyableStore(events: InMemoryEventStore()))
        #expect(try await copy.copy())
        let report = try await copy.verify()
        #expect(report.isIdentical && report.events == 0)
    }

    private func copy(_ source: SampleStore, to destination: CopyableStore) async throws -> CopyReport {
        var copy = StoreCopy(
            from: CopyableStore(events: source.events, snapshots: source.snapshots), to: destination)
        #expect(try await copy.copy())
        return try await copy.verify()
    }
}

/// One stream of four events, and where it is copied to.
private struct SnapshotSample {
    let source = InMemoryEventStore()
    let snapshots = InMemorySnapshotStore()
    let destination = InMemoryEventStore()
    let kept = InMemorySnapshotStore()
    let stream = StreamID("Order", UUID())

    init(snapshotAt version: Int?) async throws {
        try await append(4)
        if let version { try await snapshots.save(snapshot(at: version)) }
    }

    func append(_ count: Int) async throws {
        let events = (0..<count).map { _ in NewEvent(type: "Placed", payload: Bytes("{}")) }
        _ = try await source.append(events, to: stream, expecting: .any)
    }

    func snapshot(at version: Int) -> Snapshot {
        Snapshot(
            stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("\(version)"))
    }

    func copy() async throws -> CopyReport {
        var copy = StoreCopy(from: from, to: to)
        #expect(try await copy.copy())
        return try await copy.verify()
    }

    func compare() async throws -> CopyReport {
        try await StoreCopy(from: from, to: to).compare()
    }

    private var from: CopyableStore { CopyableStore(events: source, snapshots: snapshots) }
    private var to: CopyableStore { CopyableStore(events: destination, snapshots: kept) }
}
