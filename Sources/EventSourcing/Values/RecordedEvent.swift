public import FoundationEssentials

/// An event as a store gives it back.
public struct RecordedEvent: Sendable {
    // Public properties are made of these: events that were read together share what needs a reference.
    @usableFromInline let shared: SharedEventParts
    @usableFromInline let aggregateID: UUID
    @usableFromInline let places: Places

    /// Its place in the stream: 1 for the first event, without gaps.
    public let version: Int
    /// Its place in the store.
    public let position: Position
    /// When the store took it, by the store's clock; never before an event of a lower position, even where the clock
    /// goes backwards, so that resuming at an instant misses nothing.
    public let storedAt: Timestamp
    /// The event's identity.
    public let id: UUID
    /// The version of the payload's schema under its type.
    public let schemaVersion: Int
    /// When it happened, by the caller's clock.
    public let occurredAt: Timestamp
    /// How the payload is encoded.
    public let contentType: ContentType

    /// Where an event's parts are among those that it shares.
    @usableFromInline
    package struct Places: Sendable {
        @usableFromInline let aggregateType: UInt16
        @usableFromInline let type: UInt16
        @usableFromInline let payloadStart: UInt32
        @usableFromInline let payloadEnd: UInt32
        @usableFromInline let metadataStart: UInt32
        @usableFromInline let metadataEnd: UInt32

        /// - Parameters:
        ///   - aggregateType: the place of the name.
        ///   - type: the place of the name.
        ///   - payload: the range in the buffer.
        ///   - metadata: the range in the buffer.
        @inlinable
        package init(aggregateType: Int, type: Int, payload: Range<Int>, metadata: Range<Int>) {
            self.aggregateType = UInt16(aggregateType)
            self.type = UInt16(type)
            payloadStart = UInt32(payload.lowerBound)
            payloadEnd = UInt32(payload.upperBound)
            metadataStart = UInt32(metadata.lowerBound)
            metadataEnd = UInt32(metadata.upperBound)
        }
    }

    /// An event of several that share parts.
    @inlinable
    package init(
        _ shared: SharedEventParts, _ places: Places, aggregateID: UUID, version: Int, position: Position,
        storedAt: Timestamp, id: UUID, schemaVersion: Int, occurredAt: Timestamp, contentType: ContentType
    ) {
        self.shared = shared
        self.places = places
        self.aggregateID = aggregateID
        self.version = version
        self.position = position
        self.storedAt = storedAt
        self.id = id
        self.schemaVersion = schemaVersion
        self.occurredAt = occurredAt
        self.contentType = contentType
    }

    public init(
        stream: StreamID, version: Int, position: Position, storedAt: Timestamp, id: UUID, type: String,
        schemaVersion: Int, occurredAt: Timestamp, contentType: ContentType, payload: Bytes, metadata: EventMetadata
    ) {
        self.init(
            SharedEventParts(payload: payload, metadata: metadata, aggregateType: stream.aggregateType, type: type),
            Places(aggregateType: 0, type: 1, payload: 0..<payload.count, metadata: 0..<metadata.encoded.count),
            aggregateID: stream.id, version: version, position: position, storedAt: storedAt, id: id,
            schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType)
    }

    /// What a store makes of a new event.
    public init(_ event: NewEvent, stream: StreamID, version: Int, position: Position, storedAt: Timestamp) {
        self.init(
            stream: stream, version: version, position: position, storedAt: storedAt, id: event.id, type: event.type,
            schemaVersion: event.schemaVersion, occurredAt: event.occurredAt, contentType: event.contentType,
            payload: event.payload, metadata: event.metadata)
    }
}

extension RecordedEvent {
    /// The stream that it belongs to.
    @inlinable public var stream: StreamID {
        StreamID(shared.names[Int(places.aggregateType)], aggregateID)
    }

    /// What happened, by its stable name.
    @inlinable public var type: String { shared.names[Int(places.type)] }

    /// The encoded event, byte for byte as it was appended.
    @inlinable public var payload: Bytes {
        shared.payloads.slice(Int(places.payloadStart)..<Int(places.payloadEnd))
    }

    /// What accompanies it.
    @inlinable public var metadata: EventMetadata {
        EventMetadata(
            uncheckedEncoded: shared.metadata.slice(Int(places.metadataStart)..<Int(places.metadataEnd)))
    }
}

extension RecordedEvent: Hashable {
    public static func == (left: RecordedEvent, right: RecordedEvent) -> Bool {
        left.version == right.version && left.position == right.position && left.id == right.id
            && left.stream == right.stream && left.type == right.type && left.schemaVersion == right.schemaVersion
            && left.storedAt == right.storedAt && left.occurredAt == right.occurredAt
            && left.contentType == right.contentType && left.metadata == right.metadata
            && left.payload == right.payload
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(version)
        hasher.combine(position)
        hasher.combine(id)
        hasher.combine(stream)
        hasher.combine(type)
        hasher.combine(schemaVersion)
        hasher.combine(storedAt)
        hasher.combine(occurredAt)
        hasher.combine(contentType)
        hasher.combine(metadata)
        hasher.combine(payload)
    }
}
