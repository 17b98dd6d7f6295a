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
