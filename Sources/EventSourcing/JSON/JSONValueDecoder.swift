import FoundationEssentials

/// Decodes one value of a text that was taken apart; also a link of the path to it.
///
/// `Date` is read as RFC 3339, `Data` as base 64, `URL` as its text, and `Decimal` as a number.
final class JSONValueDecoder: Decoder {
    let text: JSONText
    /// The value's token.
    let index: Int
    private let parent: JSONValueDecoder?
    private let key: (any CodingKey)?
    /// Of the whole: the name of the enum's case that it holds the values of. See ``JSONCaseContainer``.
    private let caseName: String?
    /// Where the search for the next member begins.
    @exclusivity(unchecked) var hint: Int

    /// Decodes the whole.
    init(_ text: JSONText, caseName: String? = nil) {
        self.text = text
        self.caseName = caseName
        index = 0
        hint = 1
        parent = nil
        key = nil
    }

    /// Decodes a value inside another one's.
    init(at index: Int, of parent: JSONValueDecoder, for key: any CodingKey) {
        text = parent.text
        self.index = index
        self.parent = parent
        self.key = key
        caseName = nil
        hint = index + 1
    }

    var codingPath: [any CodingKey] { (parent?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        if let caseName {
            return KeyedDecodingContainer(JSONCaseContainer<Key>(decoder: self, caseName: caseName))
        }
        return try values(keyedBy: type)
    }

    /// The members of the object that the value is.
    func values<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard text.tokens[index].kind == .object else { throw mismatch([String: Any].self, at: index) }
        return KeyedDecodingContainer(JSONObjectContainer<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard text.tokens[index].kind == .array else { throw mismatch([Any].self, at: index) }
        return JSONArrayContainer(decoder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        JSONSingleValueContainer(decoder: self)
    }
}

// MARK: Values

extension JSONValueDecoder {
    func isNull(at index: Int) -> Bool {
        text.tokens[index].kind == .null
    }

    func boolean(at index: Int, _ key: (any CodingKey)? = nil) throws -> Bool {
        let token = text.tokens[index]
        guard token.kind == .boolean else { throw mismatch(Bool.self, at: index, key) }
        return text.boolean(token)
    }

    func string(at index: Int, _ key: (any CodingKey)? = nil) throws -> String {
        let token = text.tokens[index]
        guard token.kind == .string else { throw mismatch(String.self, at: index, key) }
        guard let string = text.string(token) else { throw corrupted(key, "half of a surrogate pair is no character") }
        return string
    }

    func double(at index: Int, _ key: (any CodingKey)? = nil) throws -> Double {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Double.self, at: index, key) }
        guard let number = text.double(token) else { throw corrupted(key, "the number does not fit") }
        return number
    }

    func float(at index: Int, _ key: (any CodingKey)? = nil) throws -> Float {
        let number = Float(try double(at: index, key))
        guard number.isFinite else { throw corrupted(key, "the number does not fit") }
        return number
    }

    func integer<Integer: FixedWidthInteger>(
        at index: Int, _ key: (any CodingKey)? = nil, as type: Integer.Type = Integer.self
    ) throws -> Integer {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Integer.self, at: index, key) }
        guard let number = text.integer(token, as: type) else { throw corrupted(key, "the number does not fit") }
        return number
    }

    func value<Value: Decodable>(at index: Int, _ key: any CodingKey, as type: Value.Type) throws -> Value {
        if let uuid = try uuid(at: index, key, as: type) { return uuid }
        return try JSONValueDecoder(at: index, of: self, for: key).value(as: type)
    }

    /// The value itself.
    func value<Value: Decodable>(as type: Value.Type) throws -> Value {
        if let uuid = try uuid(at: index, nil, as: type) { return uuid }
        let special: Any?
        switch ObjectIdentifier(type) {
        case ObjectIdentifier(Date.self): special = try Timestamp(from: self).date
        case ObjectIdentifier(Data.self): special = Data(base64Encoded: try string(at: index))
        case ObjectIdentifier(URL.self): special = URL(string: try string(at: index))
        case ObjectIdentifier(Decimal.self): special = try decimal()
        default: return try Value(from: self)
        }
        guard let value = special as? Value else { throw corrupted(nil, "the text is no \(type)") }
        return value
    }

    /// The value where a UUID is asked for; nil for other types.
    private func uuid<Value>(at index: Int, _ key: (any CodingKey)?, as type: Value.Type) throws -> Value? {
        guard ObjectIdentifier(type) == ObjectIdentifier(UUID.self) else { return nil }
        let token = text.tokens[index]
        guard token.kind == .string else { throw mismatch(String.self, at: index, key) }
        guard let uuid = text.uuid(token) else { throw corrupted(key, "the text is no UUID") }
        // Safe: the two types are the same. A cast costs as much as all of the rest.
        return unsafeBitCast(uuid, to: type)
    }

    private func decimal() throws -> Decimal? {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Decimal.self, at: index) }
        // Safe: the pointer is used only during the call.
        return text.withBytes(token.range) { bytes in
            bytes.withUnsafeBufferPointer { Decimal(string: String(decoding: $0, as: UTF8.self)) }
        }
    }
}

// MARK: Errors

extension JSONValueDecoder {
    /// A value of another type, or null, where one of `type` is due.
    func mismatch(_ type: any Any.Type, at index: Int, _ key: (any CodingKey)? = nil) -> DecodingError {
        let kind = text.tokens[index].kind
        let context = context(key, "\(kind) where \(type) is due")
        return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func corrupted(_ key: (any CodingKey)?, _ description: String) -> DecodingError {
        .dataCorrupted(context(key, description))
    }

    func context(_ key: (any CodingKey)?, _ description: String) -> DecodingError.Context {
        DecodingError.Context(codingPath: codingPath + (key.map { [$0] } ?? []), debugDescription: description)
    }
}
