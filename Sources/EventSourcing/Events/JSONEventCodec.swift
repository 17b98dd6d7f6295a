/// JSON (RFC 8259).
///
/// Keys are the coding keys as they are spelled; there is no conversion to snake case, which cannot be undone for
/// names such as `customerID`: give `CodingKeys` where other names are wanted. Keys are sorted, so that equal values
/// give equal bytes. A `Date` is written as RFC 3339 in UTC; ``Timestamp`` does the same without rounding. `Data` is
/// written in base 64, a `URL` as its text. Numbers that are not finite are refused, and so is what nests more than 512 levels
/// deep. A whole number may be written with a fraction of zeros or an exponent; it is read without rounding.
///
/// Encoding and decoding take time in proportion to the bytes. Names are compared byte by byte.
public struct JSONEventCodec: EventCodec {
    public var contentType: ContentType { .json }

    public init() {}

    public func encode<Event: DomainEvent>(_ event: Event) throws(EventStoreError) -> EncodedEvent {
        let encoder = JSONValueEncoder(encodesCase: true)
        let payload = try text(of: event, by: encoder, as: "an event of type \(Event.self)")
        guard let name = encoder.caseName else {
            throw EventStoreError(.encodingFailed, "\(Event.self) does not encode as a case with its values")
        }
        return EncodedEvent(type: name, payload: payload)
    }

    public func decode<Event: DomainEvent>(
        _ type: Event.Type, named eventType: String, from payload: Bytes
    ) throws(EventStoreError) -> Event {
        do {
            return try Event(from: JSONValueDecoder(JSONSource(JSONText(payload), caseName: eventType)))
        } catch {
            throw .coding(.decodingFailed, "the payload is no \(eventType)", error)
        }
    }

    public func encodeState<State: Aggregate>(_ state: State) throws(EventStoreError) -> Bytes {
        try text(of: state, by: JSONValueEncoder(), as: "a state of type \(State.self)")
    }

    public func decodeState<State: Aggregate>(
        _ type: State.Type, from bytes: Bytes
    ) throws(EventStoreError) -> State {
        do {
            return try State(from: JSONValueDecoder(JSONSource(JSONText(bytes))))
        } catch {
            throw .coding(.decodingFailed, "the bytes are no state of type \(State.self)", error)
        }
    }

    private func text(
        of value: some Encodable, by encoder: JSONValueEncoder, as description: @autoclosure () -> String
    ) throws(EventStoreError) -> Bytes {
        do {
            try value.encode(to: encoder)
            return Bytes(try encoder.text())
        } catch {
            throw .coding(.encodingFailed, "\(description()) cannot be encoded", error)
        }
    }
}
