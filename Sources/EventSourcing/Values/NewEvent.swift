public import FoundationEssentials

/// An event that is to be appended.
public struct NewEvent: Hashable, Sendable {
    /// The event's identity, unique in its store; appending it again is a retry or an error.
    public let id: UUID
    /// What happened, by its stable name, such as `OrderSubmitted`.
    public let type: String
    /// The version of the payload's schema under that name.
    public let schemaVersion: Int
    /// When it happened, by the caller's clock.
    public let occurredAt: Timestamp
    /// How the payload is encoded.
    public let contentType: ContentType
    /// The encoded event; stores keep these bytes as they are.
    public let payload: Bytes
    /// What accompanies it.
    public let metadata: EventMetadata

    public init(
        id: UUID = .random(), type: String, schemaVersion: Int = 1, occurredAt: Timestamp = .now(),
        contentType: ContentType = .json, payload: Bytes, metadata: EventMetadata = EventMetadata()
    ) {
        self.id = id
        self.type = type
        self.schemaVersion = schemaVersion
        self.occurredAt = occurredAt
        self.contentType = contentType
        self.payload = payload
        self.metadata = metadata
    }
}

extension NewEvent {
    /// An event as it was before a store took it.
    public init(_ event: RecordedEvent) {
        self.init(
            id: event.id, type: event.type, schemaVersion: event.schemaVersion, occurredAt: event.occurredAt,
            contentType: event.contentType, payload: event.payload, metadata: event.metadata)
    }
}
