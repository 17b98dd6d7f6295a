/// Takes the values of an enum's case, and notes the case's name instead of writing it.
///
/// The compiler encodes a case with its values as `{"OrderCreated": {"customerID": …}}`. A store keeps the name beside the
/// payload, so only the inner object is wanted.
struct JSONCaseEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder.caseName = key.stringValue
        return encoder.values(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.caseName = key.stringValue
        return encoder.unkeyedContainer()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        encoder.caseName = key.stringValue
        encoder.value = try encoder.encoded(value, for: key)
    }

    func encodeNil(forKey key: Key) {
        encoder.caseName = key.stringValue
        encoder.value = encoder.output.write("null")
    }

    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder { encoder }
}
