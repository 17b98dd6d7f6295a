/// The members of an object.
struct JSONObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: JSONSource
    /// The object's token.
    let index: Int

    var codingPath: [any CodingKey] { source.path(to: index) }

    var allKeys: [Key] {
        let tokens = source.text.tokens
        var keys: [Key] = []
        var member = index + 1
        while member < Int(tokens[index].next) {
            if let name = source.text.string(tokens[member]), let key = Key(stringValue: name) { keys.append(key) }
            member = Int(tokens[member + 1].next)
        }
        return keys
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { source.isNull(at: try require(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try source.value(at: require(key), as: type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try source.members(at: require(key), keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try source.elements(at: require(key))
    }

    func superDecoder() throws -> any Decoder {
        let key = JSONKey.name("super")
        guard let value = source.member(key.stringValue, of: index) else { throw source.noMember(key, of: index) }
        return JSONValueDecoder(source, at: value)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        JSONValueDecoder(source, at: try require(key))
    }

    private func find(_ key: Key) -> Int? {
        source.member(key.stringValue, of: index)
    }

    private func require(_ key: Key) throws -> Int {
        guard let value = find(key) else { throw source.noMember(key, of: index) }
        return value
    }
}

// The types that most values have; others take the general way.
extension JSONObjectContainer {
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try source.boolean(at: require(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try source.string(at: require(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try source.double(at: require(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try source.integer(at: require(key)) }
}
