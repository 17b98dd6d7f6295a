/// The elements of an array.
struct JSONArrayContainer: UnkeyedDecodingContainer {
    private let source: JSONSource
    private let array: Int
    private let end: Int
    private var next: Int
    private(set) var currentIndex = 0

    init(source: JSONSource, array: Int) {
        self.source = source
        self.array = array
        next = array + 1
        end = Int(source.text.tokens[array].next)
    }

    var codingPath: [any CodingKey] { source.path(to: array) }
    /// How many there are is known at the end alone.
    var count: Int? { nil }
    var isAtEnd: Bool { next == end }

    mutating func decodeNil() throws -> Bool {
        guard source.isNull(at: try element(Any?.self)) else { return false }
        advance()
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try source.value(at: element(type), as: type)
        advance()
        return value
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        let container = try source.members(at: element((any Decoder).self), keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try source.elements(at: element((any Decoder).self))
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = JSONValueDecoder(source, at: try element((any Decoder).self))
        advance()
        return decoder
    }

    private func element(_ type: any Any.Type) throws -> Int {
        guard next < end else {
            let context = source.context(array, "the array has no more elements", below: JSONKey.index(currentIndex))
            throw DecodingError.valueNotFound(type, context)
        }
        return next
    }

    private mutating func advance() {
        next = Int(source.text.tokens[next].next)
        currentIndex += 1
    }
}
