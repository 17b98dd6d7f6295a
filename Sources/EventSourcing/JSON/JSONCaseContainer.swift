/// The one case of an enum whose values a text holds, the case's name being kept elsewhere.
///
/// The compiler decodes a case from `{"OrderCreated": {"customerID": …}}`. A store keeps the name beside the payload, and
/// this container stands in for the outer object.
struct JSONCaseContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: JSONSource

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        guard let name = source.caseName, let key = Key(stringValue: name) else { return [] }
        return [key]
    }

    func contains(_ key: Key) -> Bool { key.stringValue == source.caseName }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try source.members(at: values(of: key), keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try source.elements(at: values(of: key))
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try source.value(at: values(of: key), as: type)
    }

    func decodeNil(forKey key: Key) throws -> Bool { contains(key) && source.isNull(at: 0) }
    func superDecoder() -> any Decoder { JSONValueDecoder(source) }
    func superDecoder(forKey key: Key) -> any Decoder { JSONValueDecoder(source) }

    /// The token of what is in a case: the whole.
    private func values(of key: Key) throws -> Int {
        guard contains(key) else { throw DecodingError.keyNotFound(key, source.context(0, "another case")) }
        return 0
    }
}
