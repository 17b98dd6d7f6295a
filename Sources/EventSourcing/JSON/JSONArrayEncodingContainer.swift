/// Takes the elements of an array.
struct JSONArrayEncodingContainer: UnkeyedEncodingContainer {
    let encoder: JSONValueEncoder
    let array: JSONOutput.Array

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { array.elements.count }

    func encodeNil() { array.elements.append(encoder.output.write("null")) }

    func encode<Value: Encodable>(_ value: Value) throws {
        array.elements.append(try encoder.encoded(value, for: JSONKey.index(count)))
    }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        inner().values(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { inner().unkeyedContainer() }
    func superEncoder() -> any Encoder { inner() }

    private func inner() -> JSONValueEncoder {
        let inner = JSONValueEncoder(inside: encoder, for: JSONKey.index(count))
        array.elements.append(.later(inner))
        return inner
    }
}
