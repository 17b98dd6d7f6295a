package import EventSourcing
package import FoundationEssentials
import Strata

/// Reads a store in all the ways that there are, and checks that they agree.
enum StoreContents {
    /// All events in the order of their positions, after they have passed an expectation.
    static func read(_ store: StrataStore, _ expectation: Expectation) async throws -> [RecordedEvent] {
        let events: [RecordedEvent]
        do {
            events = try await store.events.readAll().collect()
        } catch {
            throw Violation("reading all events fails: \(error)")
        }
        try expectation.check(events)
        let last = try await store.events.currentPosition()
        let isLast =
            expectation.releases.isEmpty ? last == events.last?.position : last ?? 0 >= events.last?.position ?? 0
        try require(isLast, "the current position is \(last.map { "\($0)" } ?? "none")")
        let backward = try await store.events.readAll(direction: .backward).collect()
        try require(Array(backward.reversed()).isSame(as: events), "reading backward shows other events")
        var byStream: [StreamID: [RecordedEvent]] = [:]
        for event in events { byStream[event.stream, default: []].append(event) }
        for (stream, expected) in byStream {
            let version = try await store.events.version(of: stream)
            try require(version == expected.last?.version, "a stream has version \(version), and not its last event's")
            let found = try await store.events.readStream(stream).collect()
            try require(found.isSame(as: expected), "a stream shows other events than the feed")
        }
        for event in events.suffix(3) {
            let found = try await store.events.event(withID: event.id)
            try require(found?.isSame(as: event) ?? false, "an event cannot be found by its id")
        }
        for (stream, bounds) in expectation.releases {
            let status = try await store.events.status(of: stream)
            try bounds.check(status)
            let first = byStream[stream]?.first?.version ?? status.version + 1
            try require(
                status.firstVersion == first, "a stream begins at version \(first), not at \(status.firstVersion)")
        }
        try await checkSnapshots(of: store, expectation, statuses(in: store, expectation))
        return events
    }

    /// What a store says of the streams that callers have saved snapshots of.
    static func statuses(
        in store: StrataStore, _ expectation: Expectation
    ) async throws -> [StreamID: StreamStatus] {
        var statuses: [StreamID: StreamStatus] = [:]
        for stream in Set(expectation.snapshotChanges.map(\.stream)) {
            statuses[stream] = try await store.events.status(of: stream)
        }
        return statuses
    }

    /// Checks the snapshots of streams against what the streams were when the store was recovered.
    static func checkSnapshots(
        of store: StrataStore, _ expectation: Expectation, _ statuses: [StreamID: StreamStatus]
    ) async throws {
        for (stream, status) in statuses {
            try expectation.check(await store.snapshots.latest(for: stream), of: stream, status)
        }
    }
}

extension NewEvent {
    /// An event that a seed determines.
    package static func sample(payloadBytes: Int, using randomness: inout SeededRandomness) -> NewEvent {
        NewEvent(
            id: UUID(using: &randomness), type: "ItemAdded", schemaVersion: 1,
            occurredAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 5) ?? .distantPast,
            contentType: ContentType(rawValue: 7), payload: Bytes(randomness.bytes(payloadBytes)))
    }
}

extension UUID {
    /// A UUID that a seed determines.
    package init(using randomness: inout SeededRandomness) {
        let bytes = randomness.bytes(16)
        self.init(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9],
                bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }
}
