/// Walks over JSON text and notes its values.
struct JSONTokenizer {
    private let depthLimit: Int
    private var offset = 0
    private var tokens: [JSONText.Token] = []

    init(depthLimit: Int) {
        self.depthLimit = depthLimit
    }

    mutating func run(_ json: borrowing Span<UInt8>) throws(JSONSyntaxError) -> [JSONText.Token] {
        guard json.count <= Int32.max else { throw invalid("the text is longer than 2 GiB") }
        do {
            _ = try UTF8Span(validating: copy json)
        } catch {
            throw JSONSyntaxError("not UTF-8", offset: error.byteOffsets.lowerBound, isInvalidUTF8: true)
        }
        tokens.reserveCapacity(min(json.count / 8 + 4, 256))
        skipWhiteSpace(json)
        try value(json, depth: 0)
        skipWhiteSpace(json)
        guard offset == json.count else { throw invalid("something follows the value") }
        return tokens
    }

    private mutating func value(_ json: borrowing Span<UInt8>, depth: Int) throws(JSONSyntaxError) {
        guard offset < json.count else { throw invalid("the text ends where a value is due") }
        switch json[offset] {
        case UInt8(ascii: "\""): try string(json)
        case UInt8(ascii: "{"): try object(json, depth: depth)
        case UInt8(ascii: "["): try array(json, depth: depth)
        case UInt8(ascii: "t"): try literal("true", .boolean, json)
        case UInt8(ascii: "f"): try literal("false", .boolean, json)
        case UInt8(ascii: "n"): try literal("null", .null, json)
        default: try number(json)
        }
    }

    private mutating func object(_ json: borrowing Span<UInt8>, depth: Int) throws(JSONSyntaxError) {
        let index = try begin(.object, depth: depth)
        skipWhiteSpace(json)
        if !take(UInt8(ascii: "}"), json) {
            repeat {
                skipWhiteSpace(json)
                guard offset < json.count, json[offset] == UInt8(ascii: "\"") else { throw invalid("a key is due") }
                try string(json)
                skipWhiteSpace(json)
                guard take(UInt8(ascii: ":"), json) else { throw invalid("a colon is due") }
                skipWhiteSpace(json)
                try value(json, depth: depth + 1)
                skipWhiteSpace(json)
            } while take(UInt8(ascii: ","), json)
            guard take(UInt8(ascii: "}"), json) else { throw invalid("a comma or the object's end is due") }
        }
        end(index)
    }

    private mutating func array(_ json: borrowing Span<UInt8>, depth: Int) throws(JSONSyntaxError) {
        let index = try begin(.array, depth: depth)
        skipWhiteSpace(json)
        if !take(UInt8(ascii: "]"), json) {
            repeat {
                skipWhiteSpace(json)
                try value(json, depth: depth + 1)
                skipWhiteSpace(json)
            } while take(UInt8(ascii: ","), json)
            guard take(UInt8(ascii: "]"), json) else { throw invalid("a comma or the array's end is due") }
        }
        end(index)
    }

    private mutating func begin(_ kind: JSONText.Kind, depth: Int) throws(JSONSyntaxError) -> Int {
        guard depth < depthLimit else { throw invalid("more than \(depthLimit) levels of nesting") }
        tokens.append(
            JSONText.Token(
                kind: kind, isComplex: false, start: UInt32(truncatingIfNeeded: offset), end: 0,
                index: UInt32(truncatingIfNeeded: tokens.count), next: 0))
        offset += 1
        return tokens.count - 1
    }

    private mutating func end(_ index: Int) {
        tokens[index].end = UInt32(truncatingIfNeeded: offset)
        tokens[index].next = UInt32(truncatingIfNeeded: tokens.count)
    }

    private mutating func add(_ kind: JSONText.Kind, from start: Int, isComplex: Bool = false) {
        tokens.append(
            JSONText.Token(
                kind: kind, isComplex: isComplex, start: UInt32(truncatingIfNeeded: start),
                end: UInt32(truncatingIfNeeded: offset), index: UInt32(truncatingIfNeeded: tokens.count),
                next: UInt32(truncatingIfNeeded: tokens.count + 1)))
    }

    private mutating func string(_ json: borrowing Span<UInt8>) throws(JSONSyntaxError) {
        let start = offset
        var hasEscapes = false
        offset += 1
        while true {
            offset = JSONEscape.endOfPlainText(in: json, from: offset)
            guard offset < json.count else { throw invalid("a string does not end") }
            switch json[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                add(.string, from: start, isComplex: hasEscapes)
                return
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset += 1
                try escape(json)
            case 0..<0x20:
                throw invalid("a control character stands in a string")
            default:
                offset += 1
            }
        }
    }

    private mutating func escape(_ json: borrowing Span<UInt8>) throws(JSONSyntaxError) {
        guard offset < json.count else { throw invalid("a string does not end") }
        let letter = json[offset]
        guard letter == UInt8(ascii: "u") || JSONEscape.unescaped(letter) != nil else {
            throw invalid("unknown escape")
        }
        offset += 1
        guard letter == UInt8(ascii: "u") else { return }
        for _ in 0..<4 {
            guard offset < json.count, JSONEscape.hexDigit(json[offset]) != nil else {
                throw invalid("four hexadecimal digits are due")
            }
            offset += 1
        }
    }

    private mutating func number(_ json: borrowing Span<UInt8>) throws(JSONSyntaxError) {
        let start = offset
        var isComplex = false
        _ = take(UInt8(ascii: "-"), json)
        if !take(UInt8(ascii: "0"), json) {
            guard skipDigits(json) > 0 else {
                throw invalid(offset == start ? "a value is due" : "a digit is due")
            }
        }
        if take(UInt8(ascii: "."), json) {
            isComplex = true
            guard skipDigits(json) > 0 else { throw invalid("a digit is due") }
        }
        if take(UInt8(ascii: "e"), json) || take(UInt8(ascii: "E"), json) {
            isComplex = true
            if !take(UInt8(ascii: "+"), json) { _ = take(UInt8(ascii: "-"), json) }
            guard skipDigits(json) > 0 else { throw invalid("a digit is due") }
        }
        add(.number, from: start, isComplex: isComplex)
    }

    private mutating func skipDigits(_ json: borrowing Span<UInt8>) -> Int {
        let start = offset
        while offset < json.count, json[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
        return offset - start
    }

    private mutating func literal(
        _ word: StaticString, _ kind: JSONText.Kind, _ json: borrowing Span<UInt8>
    ) throws(JSONSyntaxError) {
        let start = offset
        for character in word.description.utf8 {
            guard take(character, json) else { throw invalid("a value is due") }
        }
        add(kind, from: start)
    }

    private mutating func take(_ byte: UInt8, _ json: borrowing Span<UInt8>) -> Bool {
        guard offset < json.count, json[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipWhiteSpace(_ json: borrowing Span<UInt8>) {
        while offset < json.count, json[offset] <= 0x20 {
            switch json[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private func invalid(_ message: String) -> JSONSyntaxError {
        JSONSyntaxError(message, offset: offset)
    }
}
