public import FoundationEssentials

/// An event as a store gives it back.
public struct RecordedEvent: Hashable, Sendable {
    /// The stream that it belongs to.
    public let stream: StreamID
    /// Its place in the stream: 1 for the first event, without gaps.
    public let version: Int
    /// Its place in the store.
    public let position: Position
    /// When the store took it, by the store's clock; never before an event of a lower position, even where the clock
    /// goes backwards, so that resuming at an instant misses nothing.
    public let storedAt: Timestamp
    /// The event's identity.
    public let id: UUID
    /// What happened, by its stable name.
    public let type: String
    /// The version of the payload's schema under that name.
    public let schemaVersion: Int
    /// When it happened, by the caller's clock.
    public let occurredAt: Timestamp
    /// How the payload is encoded.
    public let contentType: ContentType
    /// The encoded event, byte for byte as it was appended.
    public let payload: Bytes
    /// What accompanies it.
    public let metadata: EventMetadata

    public init(
        stream: StreamID, version: Int, position: Position, storedAt: Timestamp, id: UUID, type: String,
        schemaVersion: Int, occurredAt: Timestamp, contentType: ContentType, payload: Bytes, metadata: EventMetadata
    ) {
        self.stream = stream
        self.version = version
        self.position = position
        self.storedAt = storedAt
        self.id = id
        self.type = type
        self.schemaVersion = schemaVersion
        self.occurredAt = occurredAt
        self.contentType = contentType
        self.payload = payload
        self.metadata = metadata
    }

    /// What a store makes of a new event.
    public init(_ event: NewEvent, stream: StreamID, version: Int, position: Position, storedAt: Timestamp) {
        self.init(
            stream: stream, version: version, position: position, storedAt: storedAt, id: event.id, type: event.type,
            schemaVersion: event.schemaVersion, occurredAt: event.occurredAt, contentType: event.contentType,
            payload: event.payload, metadata: event.metadata)
    }
}
