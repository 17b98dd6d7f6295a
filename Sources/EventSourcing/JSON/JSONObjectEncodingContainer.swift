/// Takes the members of an object.
struct JSONObjectEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONValueEncoder
    let object: JSONOutput.Object

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) { set(key, encoder.output.write("null")) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        set(key, try encoder.encoded(value, for: key))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        inner(key).values(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { inner(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { inner(JSONKey.name("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { inner(key) }

    /// The encoder of a member whose value comes piece by piece, perhaps in several containers.
    private func inner(_ key: any CodingKey) -> JSONValueEncoder {
        let member = object.members.last { $0.name == key.stringValue }
        if case .later(let encoder) = member?.value { return encoder }
        let inner = JSONValueEncoder(inside: encoder, for: key)
        object.members.append((key.stringValue, .later(inner)))
        return inner
    }

    private func set(_ key: Key, _ value: JSONOutput.Value) {
        object.members.append((key.stringValue, value))
    }
}

// The types that most values have; others take the general way.
extension JSONObjectEncodingContainer {
    func encode(_ value: Bool, forKey key: Key) { set(key, encoder.output.write(value ? "true" : "false")) }
    func encode(_ value: String, forKey key: Key) { set(key, encoder.output.write(string: value)) }
    func encode(_ value: Double, forKey key: Key) throws { set(key, try encoder.encoded(value, key)) }
    func encode(_ value: Int, forKey key: Key) { set(key, encoder.output.write(String(value))) }
}
