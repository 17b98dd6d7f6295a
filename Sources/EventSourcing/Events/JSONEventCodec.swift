import FoundationEssentials

/// JSON (RFC 8259) by Foundation's coders.
///
/// Keys are the coding keys as they are spelled; there is no conversion to snake case, which cannot be undone for
/// names such as `customerID`: give `CodingKeys` where other names are wanted. Keys are sorted, so that equal values
/// give equal bytes. A `Date` is written as RFC 3339 in UTC; ``Timestamp`` does the same without rounding. `Data` is
/// written in base 64. Numbers that are not finite are refused.
public struct JSONEventCodec: EventCodec {
    private let encoder: JSONEncoder
    private let decoder: JSONDecoder

    public var contentType: ContentType { .json }

    public init() {
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            try Timestamp(date).encode(to: encoder)
        }
        decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            try Timestamp(from: decoder).date
        }
    }

    public func encode<Event: DomainEvent>(_ event: Event) throws(EventStoreError) -> EncodedEvent {
        let eventCase = EncodableEventCase(event)
        let payload = try encode(eventCase, as: "an event of type \(Event.self)")
        guard let name = eventCase.name else {
            throw EventStoreError(.encodingFailed, "\(Event.self) does not encode as a case with its values")
        }
        return EncodedEvent(type: name, payload: payload)
    }

    public func decode<Event: DomainEvent>(
        _ type: Event.Type, named eventType: String, from payload: Bytes
    ) throws(EventStoreError) -> Event {
        do {
            return try decoder.decode(
                DecodableEventCase<Event>.self, from: Data(payload), configuration: eventType
            ).event
        } catch {
            throw .coding(.decodingFailed, "the payload is no \(eventType)", error)
        }
    }

    public func encodeState<State: Aggregate>(_ state: State) throws(EventStoreError) -> Bytes {
        try encode(state, as: "a state of type \(State.self)")
    }

    public func decodeState<State: Aggregate>(
        _ type: State.Type, from bytes: Bytes
    ) throws(EventStoreError) -> State {
        do {
            return try decoder.decode(State.self, from: Data(bytes))
        } catch {
            throw .coding(.decodingFailed, "the bytes are no state of type \(State.self)", error)
        }
    }

    private func encode(_ value: some Encodable, as description: String) throws(EventStoreError) -> Bytes {
        do {
            return try Bytes(copying: encoder.encode(value))
        } catch {
            throw .coding(.encodingFailed, "\(description) cannot be encoded", error)
        }
    }
}
