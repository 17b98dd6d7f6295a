/// The one case of an enum whose values a text holds, the case's name being kept elsewhere.
///
/// The compiler decodes a case from `{"OrderCreated": {"customerID": …}}`. A store keeps the name beside the payload, and
/// this container stands in for the outer object.
struct JSONCaseContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: JSONValueDecoder
    let caseName: String

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { Key(stringValue: caseName).map { [$0] } ?? [] }

    func contains(_ key: Key) -> Bool { key.stringValue == caseName }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try check(key)
        return try decoder.values(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try check(key)
        return try decoder.unkeyedContainer()
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try check(key)
        return try JSONValueDecoder(decoder.text).value(as: type)
    }

    func decodeNil(forKey key: Key) throws -> Bool { contains(key) && decoder.isNull(at: decoder.index) }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) -> any Decoder { decoder }

    private func check(_ key: Key) throws {
        guard contains(key) else {
            throw DecodingError.keyNotFound(key, decoder.context(nil, "another case"))
        }
    }
}
