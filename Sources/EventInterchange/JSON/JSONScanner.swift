/// Walks over JSON text (RFC 8259) and tells where its values lie, so that a value can be kept byte for byte.
///
/// It accepts exactly the grammar of the RFC down to a depth of nesting; linear in the length of the text, and it never
/// traps. Text must be UTF-8, which ``document(_:depthLimit:)`` checks first. An escaped lone surrogate fits the
/// grammar and passes where a string is only walked over; ``text(of:in:)`` refuses it.
struct JSONScanner {
    /// How deep arrays and objects may nest in a line.
    static let depthLimit = 128

    private let depthLimit: Int
    private var offset: Int

    private init(offset: Int = 0, depthLimit: Int = JSONScanner.depthLimit) {
        self.offset = offset
        self.depthLimit = depthLimit
    }

    /// Checks that the bytes are one JSON value with nothing but white space around it.
    static func document(
        _ json: Span<UInt8>, depthLimit: Int = JSONScanner.depthLimit
    ) throws(InterchangeError) -> JSONValue {
        try checkUTF8(json)
        var scanner = JSONScanner(depthLimit: depthLimit)
        scanner.skipWhiteSpace(json)
        let value = try scanner.value(json, depth: 0)
        scanner.skipWhiteSpace(json)
        guard scanner.offset == json.count else { throw scanner.invalid("something follows the value") }
        return value
    }

    /// Walks over the members of an object that was scanned before.
    static func forEachMember(
        of object: JSONValue, in json: Span<UInt8>,
        _ body: (_ key: JSONValue, _ value: JSONValue) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        var scanner = JSONScanner(offset: object.range.lowerBound)
        try scanner.object(json, depth: 0, body)
    }

    /// Walks over the elements of an array that was scanned before.
    static func forEachElement(
        of array: JSONValue, in json: Span<UInt8>, _ body: (JSONValue) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        var scanner = JSONScanner(offset: array.range.lowerBound)
        try scanner.array(json, depth: 0, body)
    }

    private static func checkUTF8(_ json: Span<UInt8>) throws(InterchangeError) {
        do {
            _ = try UTF8Span(validating: json)
        } catch {
            throw InterchangeError(.invalidUTF8, "not UTF-8", offset: error.byteOffsets.lowerBound)
        }
    }

    private mutating func value(_ json: Span<UInt8>, depth: Int) throws(InterchangeError) -> JSONValue {
        let start = offset
        guard start < json.count else { throw invalid("the text ends where a value is due") }
        let kind: JSONValue.Kind
        switch json[start] {
        case UInt8(ascii: "{"):
            kind = .object
            try object(json, depth: depth) { _, _ in }
        case UInt8(ascii: "["):
            kind = .array
            try array(json, depth: depth) { _ in }
        case UInt8(ascii: "\""):
            kind = .string
            try string(json)
        case UInt8(ascii: "t"):
            kind = .boolean
            try literal("true", json)
        case UInt8(ascii: "f"):
            kind = .boolean
            try literal("false", json)
        case UInt8(ascii: "n"):
            kind = .null
            try literal("null", json)
        default:
            kind = .number
            try number(json)
        }
        return JSONValue(kind: kind, range: start..<offset)
    }

    private mutating func object(
        _ json: Span<UInt8>, depth: Int,
        _ body: (_ key: JSONValue, _ value: JSONValue) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        guard depth < depthLimit else { throw invalid("more than \(depthLimit) levels of nesting") }
        offset += 1
        skipWhiteSpace(json)
        if take(UInt8(ascii: "}"), json) { return }
        repeat {
            skipWhiteSpace(json)
            let start = offset
            guard start < json.count, json[start] == UInt8(ascii: "\"") else { throw invalid("a key is due") }
            try string(json)
            let key = JSONValue(kind: .string, range: start..<offset)
            skipWhiteSpace(json)
            guard take(UInt8(ascii: ":"), json) else { throw invalid("a colon is due") }
            skipWhiteSpace(json)
            try body(key, try value(json, depth: depth + 1))
            skipWhiteSpace(json)
        } while take(UInt8(ascii: ","), json)
        guard take(UInt8(ascii: "}"), json) else { throw invalid("a comma or the object's end is due") }
    }

    private mutating func array(
        _ json: Span<UInt8>, depth: Int, _ body: (JSONValue) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        guard depth < depthLimit else { throw invalid("more than \(depthLimit) levels of nesting") }
        offset += 1
        skipWhiteSpace(json)
        if take(UInt8(ascii: "]"), json) { return }
        repeat {
            skipWhiteSpace(json)
            try body(try value(json, depth: depth + 1))
            skipWhiteSpace(json)
        } while take(UInt8(ascii: ","), json)
        guard take(UInt8(ascii: "]"), json) else { throw invalid("a comma or the array's end is due") }
    }

    private mutating func string(_ json: Span<UInt8>) throws(InterchangeError) {
        offset += 1
        while offset < json.count {
            switch json[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return
            case UInt8(ascii: "\\"):
                offset += 1
                try escape(json)
            case 0..<0x20:
                throw invalid("a control character stands in a string")
            default:
                offset += 1
            }
        }
        throw invalid("a string does not end")
    }

    private mutating func escape(_ json: Span<UInt8>) throws(InterchangeError) {
        guard offset < json.count else { throw invalid("a string does not end") }
        let letter = json[offset]
        guard letter == UInt8(ascii: "u") || Self.unescaped(letter) != nil else { throw invalid("unknown escape") }
        offset += 1
        guard letter == UInt8(ascii: "u") else { return }
        for _ in 0..<4 {
            guard offset < json.count, Self.hexDigit(json[offset]) != nil else {
                throw invalid("four hexadecimal digits are due")
            }
            offset += 1
        }
    }

    private mutating func number(_ json: Span<UInt8>) throws(InterchangeError) {
        let start = offset
        _ = take(UInt8(ascii: "-"), json)
        if !take(UInt8(ascii: "0"), json) {
            guard skipDigits(json) > 0 else {
                throw invalid(offset == start ? "a value is due" : "a digit is due")
            }
        }
        if take(UInt8(ascii: "."), json) {
            guard skipDigits(json) > 0 else { throw invalid("a digit is due") }
        }
        if take(UInt8(ascii: "e"), json) || take(UInt8(ascii: "E"), json) {
            if !take(UInt8(ascii: "+"), json) { _ = take(UInt8(ascii: "-"), json) }
            guard skipDigits(json) > 0 else { throw invalid("a digit is due") }
        }
    }

    private mutating func skipDigits(_ json: Span<UInt8>) -> Int {
        let start = offset
        while offset < json.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(json[offset]) { offset += 1 }
        return offset - start
    }

    private mutating func literal(_ word: StaticString, _ json: Span<UInt8>) throws(InterchangeError) {
        for character in word.description.utf8 {
            guard take(character, json) else { throw invalid("a value is due") }
        }
    }

    private mutating func take(_ byte: UInt8, _ json: Span<UInt8>) -> Bool {
        guard offset < json.count, json[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipWhiteSpace(_ json: Span<UInt8>) {
        while offset < json.count {
            switch json[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private func invalid(_ message: String) -> InterchangeError {
        InterchangeError(.invalidJSON, message, offset: offset)
    }
}
