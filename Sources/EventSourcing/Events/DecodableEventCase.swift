import FoundationEssentials

/// Decodes an event from its payload and the name of its case, the reverse of ``EncodableEventCase``.
struct DecodableEventCase<Event: DomainEvent>: DecodableWithConfiguration {
    let event: Event

    init(from decoder: any Decoder, configuration caseName: String) throws {
        event = try Event(from: EventCaseDecoder(base: decoder, caseName: caseName))
    }
}

private struct EventCaseDecoder: Decoder {
    let base: any Decoder
    let caseName: String

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(EventCaseContainer(base: base, caseName: caseName))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try base.unkeyedContainer() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { try base.singleValueContainer() }
}

private struct EventCaseContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let base: any Decoder
    let caseName: String

    var codingPath: [any CodingKey] { base.codingPath }
    var allKeys: [Key] { Key(stringValue: caseName).map { [$0] } ?? [] }

    func contains(_ key: Key) -> Bool { key.stringValue == caseName }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try check(key)
        return try base.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try check(key)
        return try base.unkeyedContainer()
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try check(key)
        return try Value(from: base)
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try contains(key) && base.singleValueContainer().decodeNil()
    }

    func superDecoder() -> any Decoder { base }
    func superDecoder(forKey key: Key) -> any Decoder { base }

    private func check(_ key: Key) throws {
        guard contains(key) else {
            throw DecodingError.keyNotFound(
                key, DecodingError.Context(codingPath: codingPath, debugDescription: "another case"))
        }
    }
}
