/// The members of an object.
struct JSONObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: JSONValueDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    var allKeys: [Key] {
        let text = decoder.text
        var keys: [Key] = []
        var index = decoder.index + 1
        while index < Int(text.tokens[decoder.index].next) {
            if let name = text.string(text.tokens[index]), let key = Key(stringValue: name) { keys.append(key) }
            index = Int(text.tokens[index + 1].next)
        }
        return keys
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { decoder.isNull(at: try require(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.value(at: require(key), key, as: type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try JSONValueDecoder(at: require(key), of: decoder, for: key).values(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try JSONValueDecoder(at: require(key), of: decoder, for: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        let key = JSONKey(stringValue: "super")
        guard let index = decoder.text.member(key.stringValue, of: decoder.index, from: &decoder.hint) else {
            throw DecodingError.keyNotFound(key, decoder.context(nil, "there is no such member"))
        }
        return JSONValueDecoder(at: index, of: decoder, for: key)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        JSONValueDecoder(at: try require(key), of: decoder, for: key)
    }

    private func find(_ key: Key) -> Int? {
        decoder.text.member(key.stringValue, of: decoder.index, from: &decoder.hint)
    }

    private func require(_ key: Key) throws -> Int {
        guard let index = find(key) else {
            throw DecodingError.keyNotFound(key, decoder.context(nil, "there is no such member"))
        }
        return index
    }
}

// The types that most values have; others take the general way.
extension JSONObjectContainer {
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder.boolean(at: require(key), key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder.string(at: require(key), key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder.double(at: require(key), key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder.integer(at: require(key), key) }
}
