import FoundationEssentials

/// Encodes one value as JSON, its members sorted by the bytes of their names.
///
/// `Date` is written as RFC 3339 in UTC, `Data` as base 64, `URL` as its text, and `Decimal` as a number. Numbers that are not
/// finite are refused.
final class JSONValueEncoder: Encoder {
    let output: JSONOutput
    /// What is encoded; nothing yet where it is nil.
    @exclusivity(unchecked) var value: JSONOutput.Value?
    private let parent: JSONValueEncoder?
    private let key: (any CodingKey)?
    /// Of the whole: whether only the values of an enum's case are wanted, its name being kept elsewhere.
    private let encodesCase: Bool
    /// How many values this one is inside.
    private let depth: Int
    /// The name of that case.
    var caseName: String?

    /// Encodes the whole.
    init(encodesCase: Bool = false) {
        output = JSONOutput()
        self.encodesCase = encodesCase
        parent = nil
        key = nil
        depth = 0
    }

    /// Encodes a value inside another one's.
    init(inside parent: JSONValueEncoder, for key: any CodingKey) {
        output = parent.output
        self.parent = parent
        self.key = key
        depth = parent.depth + 1
        encodesCase = false
    }

    /// The text. What encodes nothing is an object without members.
    ///
    /// - Throws: `EncodingError` for what nests too deep to be read.
    func text() throws -> [UInt8] { try output.text(of: value ?? .object(JSONOutput.Object())) }

    var codingPath: [any CodingKey] { (parent?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if encodesCase { return KeyedEncodingContainer(JSONCaseEncodingContainer<Key>(encoder: self)) }
        return values(keyedBy: type)
    }

    /// The members of an object.
    func values<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object(let object) = value {
            return KeyedEncodingContainer(JSONObjectEncodingContainer<Key>(encoder: self, object: object))
        }
        let object = JSONOutput.Object()
        value = .object(object)
        return KeyedEncodingContainer(JSONObjectEncodingContainer<Key>(encoder: self, object: object))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array(let array) = value { return JSONArrayEncodingContainer(encoder: self, array: array) }
        let array = JSONOutput.Array()
        value = .array(array)
        return JSONArrayEncodingContainer(encoder: self, array: array)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        JSONSingleValueEncodingContainer(encoder: self)
    }
}

// MARK: Values

extension JSONValueEncoder {
    func encoded(_ number: Double, _ key: (any CodingKey)? = nil) throws -> JSONOutput.Value {
        guard number.isFinite else {
            let context = EncodingError.Context(
                codingPath: codingPath + (key.map { [$0] } ?? []), debugDescription: "the number is not finite")
            throw EncodingError.invalidValue(number, context)
        }
        return output.write(number.description)
    }

    func encoded(_ number: Float, _ key: (any CodingKey)? = nil) throws -> JSONOutput.Value {
        // As short as a Float allows: its Double would have more digits.
        guard number.isFinite else { return try encoded(Double(number), key) }
        return output.write(number.description)
    }

    /// A value inside this one's.
    func encoded<Value: Encodable>(_ value: Value, for key: any CodingKey) throws -> JSONOutput.Value {
        if ObjectIdentifier(Value.self) == ObjectIdentifier(UUID.self) {
            // Safe: the two types are the same. A cast costs as much as all of the rest.
            return output.write(unsafeBitCast(value, to: UUID.self))
        }
        // Before the stack ends; of a case, one level is not written. The text says exactly.
        guard depth <= JSONText.depthLimit else { throw JSONOutput.tooDeep([]) }
        let encoder = JSONValueEncoder(inside: self, for: key)
        try encoder.encode(value)
        // What encodes nothing is an object without members.
        return encoder.value ?? .object(JSONOutput.Object())
    }

    /// The value itself.
    func encode<Value: Encodable>(_ value: Value) throws {
        switch ObjectIdentifier(Value.self) {
        case ObjectIdentifier(UUID.self): self.value = (value as? UUID).map { output.write($0) }
        case ObjectIdentifier(Date.self): self.value = (value as? Date).map { output.write(string: "\(Timestamp($0))") }
        case ObjectIdentifier(Data.self):
            self.value = (value as? Data).map { output.write(string: $0.base64EncodedString()) }
        case ObjectIdentifier(URL.self): self.value = (value as? URL).map { output.write(string: $0.absoluteString) }
        case ObjectIdentifier(Decimal.self): try encodeDecimal(value as? Decimal)
        default: try value.encode(to: self)
        }
    }

    private func encodeDecimal(_ number: Decimal?) throws {
        guard let number, !number.isNaN else { return value = try encoded(Double.nan) }
        value = output.write("\(number)")
    }
}
