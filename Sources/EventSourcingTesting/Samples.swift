import EventSourcing
import FoundationEssentials

extension StreamID {
    /// A stream that no other requirement uses.
    static func sample(_ aggregateType: String = "Order") -> StreamID {
        StreamID(aggregateType, UUID())
    }
}

extension NewEvent {
    /// An event in which only the given parts matter.
    static func sample(
        _ type: String = "ItemAdded", schemaVersion: Int = 1, contentType: ContentType = .json,
        payload: Bytes = Bytes(#"{"sku":"A-1","quantity":2}"#), metadata: EventMetadata = EventMetadata()
    ) -> NewEvent {
        NewEvent(
            type: type, schemaVersion: schemaVersion, occurredAt: Timestamp(rfc3339: "2024-05-17T12:00:00Z") ?? .now(),
            contentType: contentType, payload: payload, metadata: metadata)
    }

    /// An event of a tenant.
    static func sample(_ type: String = "ItemAdded", tenant: String) -> NewEvent {
        sample(type, metadata: EventMetadata(tenantID: tenant))
    }

    static func samples(_ count: Int) -> [NewEvent] {
        (0..<count).map { _ in sample() }
    }
}

extension EventAppending {
    /// Appends so many events and returns them.
    @discardableResult
    func append(
        _ count: Int, to stream: StreamID, expecting expected: ExpectedVersion = .any
    ) async throws(EventStoreError) -> [NewEvent] {
        let events = NewEvent.samples(count)
        _ = try await append(events, to: stream, expecting: expected)
        return events
    }

    /// Appends one event.
    @discardableResult
    func append(_ event: NewEvent, to stream: StreamID) async throws(EventStoreError) -> AppendResult {
        try await append([event], to: stream, expecting: .any)
    }
}

extension EventBatches {
    /// Goes on only where the read gives exactly these events, in this order.
    func require(_ subject: String, gives expected: [NewEvent]) async throws {
        try await requireIDs(of: collect(), are: expected.map(\.id), subject)
    }

    /// Goes on only where the read gives exactly these events, in this order.
    func require(_ subject: String, gives expected: [RecordedEvent]) async throws {
        try await requireIDs(of: collect(), are: expected.map(\.id), subject)
    }
}

/// Goes on only where events have these ids, in this order.
func requireIDs(of found: [RecordedEvent], are expected: [UUID], _ subject: String) throws(Deviation) {
    let ids = found.map(\.id)
    guard ids != expected else { return }
    if ids.count != expected.count {
        throw Deviation("\(subject) should give \(expected.count) events, but gives \(ids.count)")
    }
    let index = zip(ids, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
    throw Deviation("\(subject) gives another event than expected in place \(index + 1) of \(ids.count)")
}
