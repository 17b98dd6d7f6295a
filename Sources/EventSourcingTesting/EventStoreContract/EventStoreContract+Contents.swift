import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    /// What an event brings along comes back as it was.
    static let contents: [Requirement] = [
        keeps("the id", of: NewEvent.samples(20), \.id, \.id),
        keeps("the type", of: [.sample("Opened"), .sample("Closed")], \.type, \.type),
        keeps("a type in any script", of: ["Bestellung geöffnet", "注文/確定", "🧾"].map { .sample($0) }, \.type, \.type),
        keeps(
            "the schema version", of: [0, 1, 7, Int(UInt32.max)].map { .sample(schemaVersion: $0) }, \.schemaVersion,
            \.schemaVersion),
        keeps(
            "the content type",
            of: [.binary, .json, .cbor, .protobuf, ContentType(rawValue: 200)].map { .sample(contentType: $0) },
            \.contentType, \.contentType),
        keeps("the nanoseconds of occurred-at", of: at("2024-02-29T23:59:59.123456789Z"), \.occurredAt, \.occurredAt),
        keeps("occurred-at before 1970", of: at("1969-12-31T23:59:59.000000001Z"), \.occurredAt, \.occurredAt),
        keeps(
            "occurred-at in extreme years", of: at("0001-01-01T00:00:00Z") + at("9999-12-31T23:59:59.999999999Z"),
            \.occurredAt, \.occurredAt),
        keeps("the correlation id", of: with(EventMetadata(correlationID: "c-1")), \.correlationID),
        keeps("the causation id", of: with(EventMetadata(causationID: "c-2")), \.causationID),
        keeps("the tenant id", of: with(EventMetadata(tenantID: "acme")), \.tenantID),
        keeps("the actor", of: with(EventMetadata(actor: "ada")), \.actor),
        keeps(
            "further metadata", of: with(EventMetadata(additional: ["trace": "00-ab", "ip": "::1", "empty": ""])),
            \.additional),
        keeps(
            "metadata in any script",
            of: with(EventMetadata(tenantID: "Zürich", additional: ["ключ": "значение", "👩‍🚀": "日本\u{0}\n\""])),
            \.pairs),
        keeps(
            "well-known and further metadata together",
            of: with(
                EventMetadata(correlationID: "c", causationID: "d", tenantID: "t", actor: "a", additional: ["k": "v"])),
            \.pairs),
        keeps("the absence of metadata", of: with(EventMetadata()), \.pairs),
        Requirement("a store keeps the metadata of each event of an append apart") { store in
            let events = (1...3).map { NewEvent.sample(tenant: "tenant \($0)") }
            let stream = StreamID.sample()
            _ = try await store.append(events, to: stream, expecting: .any)
            let tenants = try await store.readStream(stream).collect().map(\.metadata.tenantID)
            try require("the tenants", tenants, is: ["tenant 1", "tenant 2", "tenant 3"])
        },
        Requirement("a store keeps an aggregate type in any script") { store in
            let stream = StreamID.sample("Bestellung 注文 🧾")
            let events = try await store.append(1, to: stream)
            let found = try require("the event", try await store.event(withID: events[0].id))
            try require("the aggregate type", found.stream.aggregateType, is: stream.aggregateType)
        },
    ]

    private static func at(_ text: String) -> [NewEvent] {
        Timestamp(rfc3339: text).map { [NewEvent(type: "Opened", occurredAt: $0, payload: Bytes("{}"))] } ?? []
    }

    private static func with(_ metadata: EventMetadata) -> [NewEvent] {
        [.sample(metadata: metadata)]
    }

    private static func keeps<Part: Equatable & SendableMetatype>(
        _ what: String, of events: [NewEvent], _ part: @escaping @Sendable (EventMetadata) -> Part
    ) -> Requirement {
        keeps(what, of: events, { part($0.metadata) }, { part($0.metadata) })
    }

    private static func keeps<Part: Equatable & SendableMetatype>(
        _ what: String, of events: [NewEvent], _ given: @escaping @Sendable (NewEvent) -> Part,
        _ kept: @escaping @Sendable (RecordedEvent) -> Part
    ) -> Requirement {
        Requirement("a store keeps \(what)") { store in
            let stream = StreamID.sample()
            _ = try await store.append(events, to: stream, expecting: .any)
            let found = try await store.readStream(stream).collect()
            try require("the number of events", found.count, is: events.count)
            for (found, event) in zip(found, events) { try require(what, kept(found), is: given(event)) }
        }
    }
}
