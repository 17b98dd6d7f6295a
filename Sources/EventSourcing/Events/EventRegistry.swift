public import FoundationEssentials

/// Knows which type of events a stored name stands for, and how old payloads become new ones.
///
/// A value: build it once, then share it. Encoding and decoding look a name up in constant time.
public struct EventRegistry: Sendable {
    /// Makes payloads of an old schema version into payloads of the next.
    public typealias Upcast = @Sendable (Bytes) throws -> Bytes

    private struct Entry {
        let type: any DomainEvent.Type
        let schemaVersion: Int
    }

    private struct Schema: Hashable {
        let eventType: String
        let version: Int
    }

    private struct Upcaster {
        let newName: String?
        let upcast: Upcast
    }

    /// What events and states are encoded with.
    public let codec: any EventCodec
    private let codecs: [ContentType: any EventCodec]
    private var entries: [String: Entry] = [:]
    private var upcasters: [Schema: Upcaster] = [:]

    /// An empty registry.
    ///
    /// - Parameters:
    ///   - codec: what events and states are encoded with.
    ///   - others: codecs of other content types that stored events and snapshots may have.
    public init(codec: any EventCodec = JSONEventCodec(), readingAlso others: [any EventCodec] = []) {
        self.codec = codec
        codecs = Dictionary((others + [codec]).map { ($0.contentType, $0) }, uniquingKeysWith: { $1 })
    }

    /// A registry of one type of events, with JSON. Its names are checked when they are appended.
    public init<Event: DomainEvent>(of type: Event.Type) {
        self.init()
        add(type)
    }

    /// Registers all names of a type of events. Registering it again changes nothing.
    ///
    /// - Throws: ``EventStoreError/Code/duplicateEventType`` where another type has one of the names, and
    ///   ``EventStoreError/Code/invalidArgument`` where a name or a schema version breaks ``EventLimits``; in both
    ///   cases nothing is registered.
    public mutating func register<Event: DomainEvent>(_ type: Event.Type) throws(EventStoreError) {
        for key in Event.CodingKeys.allCases {
            let name = key.stringValue
            if let entry = entries[name], entry.type != type {
                throw EventStoreError(
                    .duplicateEventType, "'\(name)' names events of both \(entry.type) and \(type)")
            }
            guard EventLimits.isValidEventType(name), (0...Int(UInt32.max)).contains(Event.schemaVersion(of: key))
            else {
                throw EventStoreError(.invalidArgument, "a name or schema version of \(type) is beyond the limits")
            }
        }
        add(type)
    }

    /// Registers how payloads of an old schema version become payloads of the next version.
    ///
    /// Upcasters run when events are decoded, one after the other, until the version that the event's type has now is
    /// reached. Stored events stay as they are.
    ///
    /// - Parameters:
    ///   - eventType: the name that the old events are stored under; it need not be registered any longer.
    ///   - version: the schema version of the old payloads. The new ones have the next.
    ///   - newName: what the event is called from the next version on, if that changes.
    ///   - upcast: makes the new payload. It keeps the content type.
    /// - Throws: ``EventStoreError/Code/invalidArgument`` where the version already has an upcaster.
    public mutating func registerUpcaster(
        of eventType: String, from version: Int, renamingTo newName: String? = nil, _ upcast: @escaping Upcast
    ) throws(EventStoreError) {
        let schema = Schema(eventType: eventType, version: version)
        guard upcasters[schema] == nil else {
            throw EventStoreError(
                .invalidArgument, "version \(version) of '\(eventType)' already has an upcaster")
        }
        upcasters[schema] = Upcaster(newName: newName, upcast: upcast)
    }

    private mutating func add<Event: DomainEvent>(_ type: Event.Type) {
        for key in Event.CodingKeys.allCases {
            entries[key.stringValue] = Entry(type: type, schemaVersion: Event.schemaVersion(of: key))
        }
    }
}

extension EventRegistry {
    /// An event as it is appended.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - id: the event's identity.
    ///   - occurredAt: when it happened.
    ///   - metadata: what accompanies it.
    /// - Throws: ``EventStoreError/Code/unregisteredEventType`` and ``EventStoreError/Code/encodingFailed``.
    public func encode<Event: DomainEvent>(
        _ event: Event, id: UUID = .random(), occurredAt: Timestamp = .now(), metadata: EventMetadata = EventMetadata()
    ) throws(EventStoreError) -> NewEvent {
        let encoded = try codec.encode(event)
        guard let entry = entries[encoded.type], entry.type == Event.self else {
            throw EventStoreError(
                .unregisteredEventType, "'\(encoded.type)' is not registered as an event of \(Event.self)", eventID: id)
        }
        return NewEvent(
            id: id, type: encoded.type, schemaVersion: entry.schemaVersion, occurredAt: occurredAt,
            contentType: codec.contentType, payload: encoded.payload, metadata: metadata)
    }

    /// A stored event of a known type.
    ///
    /// - Throws: ``EventStoreError/Code/unregisteredEventType`` where its name is not one of `Event`,
    ///   ``EventStoreError/Code/decodingFailed`` where its payload is not what the name promises, its schema version
    ///   is newer than the type's, or an upcaster is missing or fails, and ``EventStoreError/Code/unsupported``
    ///   where no codec reads its content type.
    public func decode<Event: DomainEvent>(
        _ recorded: RecordedEvent, as type: Event.Type
    ) throws(EventStoreError) -> Event {
        let (entry, name, payload) = try upcast(recorded)
        guard entry.type == type else {
            throw Self.unregistered("'\(name)' is an event of \(entry.type), not of \(type)", recorded)
        }
        return try decode(type, named: name, from: payload, of: recorded)
    }

    /// A stored event of whichever registered type.
    ///
    /// - Throws: as ``decode(_:as:)``.
    public func decode(_ recorded: RecordedEvent) throws(EventStoreError) -> any DomainEvent {
        let (entry, name, payload) = try upcast(recorded)
        return try decode(entry.type, named: name, from: payload, of: recorded)
    }

    /// What reads a content type.
    ///
    /// - Throws: ``EventStoreError/Code/unsupported`` where nothing does.
    public func codec(for contentType: ContentType) throws(EventStoreError) -> any EventCodec {
        guard let codec = codecs[contentType] else {
            throw EventStoreError(.unsupported, "no codec reads \(contentType)")
        }
        return codec
    }

    private func decode<Event: DomainEvent>(
        _ type: Event.Type, named name: String, from payload: Bytes, of recorded: RecordedEvent
    ) throws(EventStoreError) -> Event {
        do {
            return try codec(for: recorded.contentType).decode(type, named: name, from: payload)
        } catch {
            throw EventStoreError(
                error.code, error.message, stream: recorded.stream, eventID: recorded.id, cause: error.cause)
        }
    }

    private func upcast(
        _ recorded: RecordedEvent
    ) throws(EventStoreError) -> (entry: Entry, name: String, payload: Bytes) {
        var name = recorded.type
        var version = recorded.schemaVersion
        var payload = recorded.payload
        while true {
            let entry = entries[name]
            if let entry, version >= entry.schemaVersion {
                guard version == entry.schemaVersion else {
                    throw EventStoreError(
                        .decodingFailed,
                        "version \(version) of '\(name)' is newer than \(entry.schemaVersion), the newest that is known",
                        stream: recorded.stream, eventID: recorded.id)
                }
                return (entry, name, payload)
            }
            guard let upcaster = upcasters[Schema(eventType: name, version: version)] else {
                guard entry != nil else { throw Self.unregistered("'\(name)' is not registered", recorded) }
                throw EventStoreError(
                    .decodingFailed, "version \(version) of '\(name)' has no upcaster", stream: recorded.stream,
                    eventID: recorded.id)
            }
            do {
                payload = try upcaster.upcast(payload)
            } catch {
                throw .coding(
                    .decodingFailed, "the upcaster from version \(version) of '\(name)' failed", error,
                    stream: recorded.stream, eventID: recorded.id)
            }
            name = upcaster.newName ?? name
            version += 1
        }
    }

    private static func unregistered(
        _ message: String, _ recorded: RecordedEvent, line: Int = #line
    ) -> EventStoreError {
        EventStoreError(
            .unregisteredEventType, message, stream: recorded.stream, eventID: recorded.id, line: line)
    }
}
