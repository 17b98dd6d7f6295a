/// JSON text (RFC 8259) taken apart: its values in the order in which they stand, and where each of them lies.
///
/// It accepts exactly the grammar of the RFC, in UTF-8 and down to a depth of nesting; linear in the length of the
/// text, and it never traps. An escaped lone surrogate fits the grammar and passes; ``string(_:)`` refuses it.
package struct JSONText: Sendable {
    package enum Kind: String, Sendable {
        case object, array, string, number, boolean, null
    }

    /// One value, or the key of a member. An object is followed by its keys and values in turn, an array by its elements.
    package struct Token: Sendable {
        package let kind: Kind
        /// Of a string: whether it has escapes. Of a number: whether it has a fraction or an exponent.
        let isComplex: Bool
        let start: UInt32
        var end: UInt32
        /// The token's own index.
        let index: UInt32
        /// The index of the first token behind this value and everything in it.
        var next: UInt32

        /// Where the value's bytes lie, a string's with its quotation marks.
        package var range: Range<Int> { Int(start)..<Int(end) }
        /// Where the bytes of a string lie between its quotation marks.
        var contents: Range<Int> { Int(start) + 1..<Int(end) - 1 }
    }

    /// How deep arrays and objects may nest where nothing else is said.
    package static let depthLimit = 512

    private let storage: [UInt8]
    private let base: Int
    /// The values; the first one is the whole.
    package let tokens: [Token]

    /// Takes a text apart.
    ///
    /// - Parameters:
    ///   - text: one value with nothing but white space around it.
    ///   - depthLimit: how deep arrays and objects may nest.
    package init(_ text: Bytes, depthLimit: Int = Self.depthLimit) throws(JSONSyntaxError) {
        var tokenizer = JSONTokenizer(depthLimit: depthLimit)
        tokens = try tokenizer.run(text.storage.span.extracting(text.offset..<text.offset + text.count))
        (storage, base) = (text.storage, text.offset)
    }

    /// The elements of an array, in order.
    package func elements(of array: Token) -> [Token] {
        children(of: array)
    }

    /// The members of an object, in order.
    package func members(of object: Token) -> [(name: Token, value: Token)] {
        let children = children(of: object)
        return stride(from: 0, to: children.count - 1, by: 2).map { (children[$0], children[$0 + 1]) }
    }

    private func children(of parent: Token) -> [Token] {
        guard parent.kind == .object || parent.kind == .array else { return [] }
        var children: [Token] = []
        var index = Int(parent.index) + 1
        while index < Int(parent.next) {
            children.append(tokens[index])
            index = Int(tokens[index].next)
        }
        return children
    }

    /// The byte at an offset of the text.
    subscript(offset: Int) -> UInt8 { storage[base + offset] }

    /// Calls `body` with a view of a part of the text.
    func withBytes<Result>(_ range: Range<Int>, _ body: (borrowing Span<UInt8>) -> Result) -> Result {
        body(storage.span.extracting(base + range.lowerBound..<base + range.upperBound))
    }
}

/// Why a text is not JSON.
package struct JSONSyntaxError: Error, Hashable {
    package let message: String
    /// Where in the text it was seen, in bytes.
    package let offset: Int
    package let isInvalidUTF8: Bool

    init(_ message: String, offset: Int, isInvalidUTF8: Bool = false) {
        self.message = message
        self.offset = offset
        self.isInvalidUTF8 = isInvalidUTF8
    }
}
