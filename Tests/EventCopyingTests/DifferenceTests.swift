import EventCopying
import EventSourcing
import Foundation
import Testing

/// What is not a copy is never taken for one.
@Suite struct DifferenceTests {
    @Test func aDestinationWithAnEventOfItsOwnIsRefusedAndTheEventIsNamed() async throws {
        let source = try await SampleStore(seed: 21)
        let destination = InMemoryEventStore()
        let stranger = StreamID("Stranger", UUID())
        _ = try await destination.append([NewEvent(type: "A", payload: Bytes("1"))], to: stranger, expecting: .any)
        let before = try await StoreContents(of: destination)
        let error = try await #require(refusal(source, destination))
        #expect(error.code == .destinationDiffers && error.message.contains("version 1 of \(stranger)"), "\(error)")
        #expect(try await StoreContents(of: destination) == before)
    }

    @Test func aCopyThatSomebodyElseWroteToIsRefused() async throws {
        let source = try await SampleStore(seed: 22)
        let destination = InMemoryEventStore()
        #expect(try await copy(source, to: destination).isIdentical)
        let stream = source.streams[0]
        _ = try await destination.append([NewEvent(type: "A", payload: Bytes("1"))], to: stream, expecting: .any)
        let version = try await destination.version(of: stream)
        let error = try await #require(refusal(source, destination))
        #expect(error.code == .destinationDiffers)
        #expect(error.message.contains("version \(version) of \(stream)"), "\(error)")
    }

    @Test func anEventOfTheSameIDWithOtherContentIsRefused() async throws {
        let (source, destination) = (InMemoryEventStore(), InMemoryEventStore())
        let (stream, id) = (StreamID("A", UUID()), UUID())
        for (store, payload) in [(source, "1"), (destination, "2")] {
            let event = NewEvent(id: id, type: "A", occurredAt: .distantPast, payload: Bytes(payload))
            _ = try await store.append([event], to: stream, expecting: .any)
        }
        var copy = StoreCopy(from: CopyableStore(events: source), to: CopyableStore(events: destination))
        do throws(CopyError) {
            _ = try await copy.copy()
            Issue.record("an event with other content passed for the source's")
        } catch {
            #expect(error.code == .destinationDiffers && error.message.contains("another event"), "\(error)")
        }
    }

    @Test func aStreamOfTheDestinationThatIsAheadIsRefused() async throws {
        let source = InMemoryEventStore()
        let (one, other) = (StreamID("A", UUID()), StreamID("A", UUID()))
        let shared = NewEvent(type: "A", payload: Bytes("1"))
        let destination = InMemoryEventStore()
        _ = try await destination.append([NewEvent(type: "A", payload: Bytes("2"))], to: other, expecting: .any)
        for store in [source, destination] { _ = try await store.append([shared], to: one, expecting: .any) }
        _ = try await source.append([NewEvent(type: "A", payload: Bytes("3"))], to: other, expecting: .any)
        var copy = StoreCopy(from: CopyableStore(events: source), to: CopyableStore(events: destination))
        do throws(CopyError) {
            _ = try await copy.copy()
            Issue.record("a copy into another stream's events succeeded")
        } catch {
            #expect(error.code == .destinationDiffers && error.message.contains("version 1 of \(other)"), "\(error)")
        }
    }

    @Test(arguments: Alteration.allCases)
    func theComparisonShows(_ alteration: Alteration) async throws {
        let source = try await SampleStore(seed: 23)
        let destination = InMemoryEventStore()
        #expect(try await copy(source, to: destination).isIdentical)
        let altered = InterposedStore(destination, feed: alteration.apply)
        let report = try await StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: altered)
        ).compare()
        #expect(!report.isIdentical)
    }

    @Test func theComparisonShowsAnotherOrderOfEqualStreams() async throws {
        let (source, destination) = (InMemoryEventStore { .distantPast }, InMemoryEventStore { .distantPast })
        let events = (0..<2).map { _ in (NewEvent(type: "A", payload: Bytes("1")), StreamID("A", UUID())) }
        for (event, stream) in events { _ = try await source.append([event], to: stream, expecting: .any) }
        for (event, stream) in events.reversed() {
            _ = try await destination.append([event], to: stream, expecting: .any)
        }
        let report = try await StoreCopy(
            from: CopyableStore(events: source), to: CopyableStore(events: destination)
        ).compare()
        #expect(report.differences == [.order])
    }

    @Test func theComparisonShowsStreamsThatOnlyOneOfBothHas() async throws {
        let source = try await SampleStore(seed: 23)
        let destination = InMemoryEventStore()
        #expect(try await copy(source, to: destination).isIdentical)
        let strangers = [StreamID("A", UUID()), StreamID("B", UUID())]
        for (store, stream) in zip([source.events, destination], strangers) {
            _ = try await store.append([NewEvent(type: "A", payload: Bytes("1"))], to: stream, expecting: .any)
        }
        let report = try await StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: destination)
        ).compare()
        #expect(report.differences == strangers.map { .events($0) })
    }

    @Test func theComparisonShowsAMissingReleaseAndAnotherSnapshot() async throws {
        let source = try await SampleStore(seed: 24)
        let (events, snapshots) = (InMemoryEventStore(), InMemorySnapshotStore())
        let to = CopyableStore(events: events, snapshots: snapshots)
        let from = CopyableStore(events: source.events, snapshots: source.snapshots)
        var copy = StoreCopy(from: from, to: to)
        #expect(try await copy.copy())
        #expect(try await copy.verify().isIdentical)
        #expect(try await StoreCopy(from: from, to: to).compare().isIdentical)
        let stream = try #require(source.streams.first { _ in true })
        try await snapshots.save(
            Snapshot(stream: stream, version: 1_000, schemaVersion: 3, createdAt: .now(), state: Bytes("1")))
        let tombstoned = StreamID("Gone", UUID())
        try await events.delete(tombstoned, mode: .tombstone, expecting: .any)
        let report = try await StoreCopy(from: from, to: to).compare()
        #expect(Set(report.differences) == [.snapshot(stream), .release(tombstoned)])
    }

    @Test func aSnapshotThatDiffersIsMadeTheSame() async throws {
        let source = try await SampleStore(seed: 24)
        let to = CopyableStore(events: InMemoryEventStore(), snapshots: InMemorySnapshotStore())
        let stream = source.streams[0]
        try await to.snapshots?.save(
            Snapshot(stream: stream, version: 1_000, schemaVersion: 3, createdAt: .now(), state: Bytes("1")))
        var copy = StoreCopy(from: CopyableStore(events: source.events, snapshots: source.snapshots), to: to)
        #expect(try await copy.copy())
        #expect(try await copy.verify().isIdentical)
        #expect(try await to.snapshots?.latest(for: stream) == source.snapshots.latest(for: stream))
    }

    private func copy(_ source: SampleStore, to destination: any CopyableEventStore) async throws -> CopyReport {
        var copy = StoreCopy(from: CopyableStore(events: source.events), to: CopyableStore(events: destination))
        #expect(try await copy.copy())
        return try await copy.verify()
    }

    private func refusal(_ source: SampleStore, _ destination: InMemoryEventStore) async -> CopyError? {
        var copy = StoreCopy(from: CopyableStore(events: source.events), to: CopyableStore(events: destination))
        do throws(CopyError) {
            _ = try await copy.copy()
            return nil
        } catch {
            return error
        }
    }
}

/// A way in which a copy could be wrong.
enum Alteration: CaseIterable {
    case payload, metadata, type, schemaVersion, occurredAt, storedAt, contentType, id, version, missing, doubled, order

    /// Alters the feed's first event that has something of everything, and no field's length.
    @Sendable func apply(_ events: [RecordedEvent]) -> [RecordedEvent] {
        var events = events
        guard let place = events.firstIndex(where: { !$0.metadata.isEmpty && !$0.payload.isEmpty }) else { return [] }
        let event = events[place]
        switch self {
        case .missing: events.remove(at: place)
        case .doubled: events.insert(event, at: place)
        case .order:
            // Of another stream, so that each stream reads as before.
            let place = events.firstIndex { $0.stream != events[0].stream } ?? 1
            events.swapAt(place - 1, place)
        default: events[place] = altered(event)
        }
        return events
    }

    private func altered(_ event: RecordedEvent) -> RecordedEvent {
        RecordedEvent(
            stream: event.stream, version: event.version + (self == .version ? 1 : 0), position: event.position,
            storedAt: self == .storedAt ? event.storedAt.later : event.storedAt, id: self == .id ? UUID() : event.id,
            type: self == .type ? "X" + event.type.dropFirst() : event.type,
            schemaVersion: event.schemaVersion + (self == .schemaVersion ? 1 : 0),
            occurredAt: self == .occurredAt ? event.occurredAt.later : event.occurredAt,
            contentType: self == .contentType ? ContentType(rawValue: 200) : event.contentType,
            payload: self == .payload ? Bytes(copying: event.payload.map { $0 ^ 1 }) : event.payload,
            metadata: self == .metadata
                ? EventMetadata(event.metadata.pairs.mapValues { $0 == "v" ? "w" : $0 }) : event.metadata)
    }
}

extension Timestamp {
    /// A nanosecond later.
    fileprivate var later: Timestamp {
        Timestamp(seconds: seconds, nanoseconds: (nanoseconds + 1) % 1_000_000_000) ?? self
    }
}
