/// The elements of an array.
struct JSONArrayContainer: UnkeyedDecodingContainer {
    private let decoder: JSONValueDecoder
    private let end: Int
    private var next: Int
    private(set) var currentIndex = 0

    init(decoder: JSONValueDecoder) {
        self.decoder = decoder
        next = decoder.index + 1
        end = Int(decoder.text.tokens[decoder.index].next)
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    /// How many there are is known at the end alone.
    var count: Int? { nil }
    var isAtEnd: Bool { next == end }

    mutating func decodeNil() throws -> Bool {
        guard decoder.isNull(at: try element(Any?.self)) else { return false }
        advance()
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try decoder.value(at: element(type), JSONKey(index: currentIndex), as: type)
        advance()
        return value
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try superDecoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try superDecoder().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = JSONValueDecoder(
            at: try element((any Decoder).self), of: decoder, for: JSONKey(index: currentIndex))
        advance()
        return decoder
    }

    private func element(_ type: any Any.Type) throws -> Int {
        guard next < end else {
            throw DecodingError.valueNotFound(
                type, decoder.context(JSONKey(index: currentIndex), "the array has no more elements"))
        }
        return next
    }

    private mutating func advance() {
        next = Int(decoder.text.tokens[next].next)
        currentIndex += 1
    }
}

/// The key of an element, or one that no type declares.
struct JSONKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        self.init(index: intValue)
    }

    init(index: Int) {
        stringValue = String(index)
        intValue = index
    }
}
