import FoundationEssentials

/// Decodes one value of a text that was taken apart.
///
/// `Date` is read as RFC 3339, `Data` as base 64, `URL` as its text, and `Decimal` as a number.
///
/// A value of few bytes, so that handing it to a type as `any Decoder` allocates nothing.
struct JSONValueDecoder: Decoder {
    let source: JSONSource
    /// The value's token.
    let index: Int
    /// Whether the value is what an enum's case holds, and stands for the case.
    private let isCase: Bool

    /// Decodes the whole.
    init(_ source: JSONSource) {
        self.source = source
        index = 0
        isCase = source.caseName != nil
    }

    /// Decodes a value inside another one, or what is in a case.
    init(_ source: JSONSource, at index: Int) {
        self.source = source
        self.index = index
        isCase = false
    }

    var codingPath: [any CodingKey] { source.path(to: index) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        if isCase { return KeyedDecodingContainer(JSONCaseContainer<Key>(source: source)) }
        return try source.members(at: index, keyedBy: type)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try source.elements(at: index) }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        JSONSingleValueContainer(source: source, index: index)
    }
}
