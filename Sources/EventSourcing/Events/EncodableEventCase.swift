/// Encodes an event without the outer key that names its case, and learns the name on the way.
///
/// The compiler encodes a case with its values as `{"OrderCreated": {"customerID": …}}`. A store keeps the name beside
/// the payload, so only the inner object is to be encoded. This works with any encoder.
final class EncodableEventCase<Event: DomainEvent>: Encodable {
    private let event: Event
    private let caseName = CaseName()

    /// The name of the case, once it was encoded.
    var name: String? { caseName.text }

    init(_ event: Event) {
        self.event = event
    }

    func encode(to encoder: any Encoder) throws {
        try event.encode(to: EventCaseEncoder(base: encoder, caseName: caseName))
    }
}

private final class CaseName {
    var text: String?
}

private struct EventCaseEncoder: Encoder {
    let base: any Encoder
    let caseName: CaseName

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(EventCaseContainer(base: base, caseName: caseName))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { base.unkeyedContainer() }
    func singleValueContainer() -> any SingleValueEncodingContainer { base.singleValueContainer() }
}

private struct EventCaseContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let base: any Encoder
    let caseName: CaseName

    var codingPath: [any CodingKey] { base.codingPath }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        caseName.text = key.stringValue
        return base.container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        caseName.text = key.stringValue
        return base.unkeyedContainer()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        caseName.text = key.stringValue
        try value.encode(to: base)
    }

    func encodeNil(forKey key: Key) throws {
        caseName.text = key.stringValue
        var container = base.singleValueContainer()
        try container.encodeNil()
    }

    func superEncoder() -> any Encoder { base }
    func superEncoder(forKey key: Key) -> any Encoder { base }
}
