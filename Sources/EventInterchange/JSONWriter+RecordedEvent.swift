package import EventSourcing

extension JSONWriter {
    /// A recorded event as an object of one line, which ``Commit/init(line:)`` reads back: the fields of an appended
    /// line, and `version`, `position` and `stored_at`. Fields that hold what is assumed without them (`metadata`
    /// without pairs, `schema_version` 1) are left out.
    package mutating func event(_ event: RecordedEvent) {
        beginObject()
        member("position", event.position.rawValue)
        member("version", event.version)
        member("aggregate_type", event.stream.aggregateType)
        member("aggregate_id", event.stream.id.lowercased)
        member("event_id", event.id.lowercased)
        member("event_type", event.type)
        if event.schemaVersion != 1 { member("schema_version", event.schemaVersion) }
        member("occurred_at", event.occurredAt.description)
        member("stored_at", event.storedAt.description)
        content("data", event.payload, of: event.contentType)
        if !event.metadata.isEmpty { metadata(event.metadata) }
        endObject()
    }

    private mutating func metadata(_ metadata: EventMetadata) {
        key("metadata")
        beginObject()
        let wellKnown: [(String, String?)] = [
            ("correlation_id", metadata.correlationID), ("causation_id", metadata.causationID),
            ("tenant_id", metadata.tenantID), ("actor", metadata.actor),
        ]
        for case (let key, let value?) in wellKnown { member(key, value) }
        let additional = metadata.additional.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (key, value) in additional { member(key, value) }
        endObject()
    }
}
