extension JSONScanner {
    /// The text of a string that was scanned before, its escapes resolved.
    ///
    /// - Throws: ``InterchangeError/Code/invalidField`` for half of a surrogate pair, which is no text.
    static func text(of string: JSONValue, in json: Span<UInt8>) throws(InterchangeError) -> String {
        let end = string.range.upperBound - 1
        var offset = string.range.lowerBound + 1
        var text: [UInt8] = []
        text.reserveCapacity(max(0, end - offset))
        while offset < end {
            let byte = json[offset]
            offset += 1
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            let letter = json[offset]
            offset += 1
            if let character = unescaped(letter) {
                text.append(character)
            } else {
                let scalar = try escapedScalar(in: json, at: &offset, before: end)
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What a letter behind a backslash stands for; nil for `u` and for letters without meaning.
    static func unescaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The scalar that one `\u` escape, or a pair of them, stands for; `offset` is behind the first `u`.
    private static func escapedScalar(
        in json: Span<UInt8>, at offset: inout Int, before end: Int
    ) throws(InterchangeError) -> Unicode.Scalar {
        let start = offset
        let first = codeUnit(in: json, at: offset)
        offset += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, offset + 6 <= end, json[offset] == UInt8(ascii: "\\"), json[offset + 1] == UInt8(ascii: "u")
        {
            let second = codeUnit(in: json, at: offset + 2)
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                offset += 6
                return scalar
            }
        }
        throw InterchangeError(.invalidField, "half of a surrogate pair is no character", offset: start - 2)
    }

    private static func codeUnit(in json: Span<UInt8>, at offset: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in offset..<offset + 4 { value = value << 4 | (hexDigit(json[index]) ?? 0) }
        return value
    }
}
