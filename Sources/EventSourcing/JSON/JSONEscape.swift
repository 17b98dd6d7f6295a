/// What stands behind a backslash in a JSON string.
package enum JSONEscape {
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

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The text of a string's contents with its escapes resolved; nil where half of a surrogate pair is among them,
    /// which is no character.
    static func resolve(_ contents: borrowing Span<UInt8>) -> String? {
        var text: [UInt8] = []
        text.reserveCapacity(contents.count)
        var offset = 0
        while offset < contents.count {
            let byte = contents[offset]
            offset += 1
            guard byte == UInt8(ascii: "\\"), offset < contents.count else {
                text.append(byte)
                continue
            }
            let letter = contents[offset]
            offset += 1
            if let character = unescaped(letter) {
                text.append(character)
            } else {
                guard let scalar = scalar(in: contents, at: &offset) else { return nil }
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The scalar that one `\u` escape, or a pair of them, stands for; `offset` is behind the first `u`.
    private static func scalar(in contents: borrowing Span<UInt8>, at offset: inout Int) -> Unicode.Scalar? {
        guard let first = codeUnit(in: contents, at: offset) else { return nil }
        offset += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard
            first < 0xDC00, offset + 6 <= contents.count, contents[offset] == UInt8(ascii: "\\"),
            contents[offset + 1] == UInt8(ascii: "u"), let second = codeUnit(in: contents, at: offset + 2),
            (0xDC00...0xDFFF).contains(second)
        else { return nil }
        offset += 6
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private static func codeUnit(in contents: borrowing Span<UInt8>, at offset: Int) -> UInt32? {
        guard offset + 4 <= contents.count else { return nil }
        var value: UInt32 = 0
        for index in offset..<offset + 4 {
            guard let digit = hexDigit(contents[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Writes a string with its quotation marks; escapes what the RFC demands, and what a terminal would act on.
    package static func append(_ text: String, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        let utf8 = text.utf8Span.span
        var offset = 0
        while true {
            let end = endOfPlainText(in: utf8, from: offset)
            // Safe: the pointer is used only during the call.
            utf8.extracting(offset..<end).withUnsafeBufferPointer { json.append(contentsOf: $0) }
            guard end < utf8.count else { break }
            append(utf8[end], to: &json)
            offset = end + 1
        }
        json.append(UInt8(ascii: "\""))
    }

    private static func append(_ byte: UInt8, to json: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
        case 0x0A: json += "\\n".utf8
        case 0x0D: json += "\\r".utf8
        case 0x09: json += "\\t".utf8
        default:
            json += "\\u00".utf8
            json += [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 0x0F)]]
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Where the first byte lies that is a quotation mark, a backslash, a control character or 0x7F; the end of the text
    /// where there is none.
    static func endOfPlainText(in text: borrowing Span<UInt8>, from start: Int) -> Int {
        let bytes = text.bytes
        var offset = start
        // Eight bytes at a time, the first one in the lowest byte.
        while offset + 8 <= text.count {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let special = highBitsOfSpecialBytes(word)
            guard special == 0 else { return offset + special.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < text.count, highBitsOfSpecialBytes(UInt64(text[offset]) | 0x2020_2020_2020_2000) == 0 {
            offset += 1
        }
        return offset
    }

    /// The high bit of the lowest byte that ``endOfPlainText(in:from:)`` looks for, and perhaps of bytes above it; 0 where
    /// there is none.
    ///
    /// Source: "Determine if a word has a zero byte" and "has a byte less than n" of Anderson's "Bit Twiddling Hacks".
    private static func highBitsOfSpecialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        func highBitsOfZeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        let controls = (word &- ones &* 0x20) & ~word
        let others =
            highBitsOfZeros(word ^ ones &* 0x22) | highBitsOfZeros(word ^ ones &* 0x5C)
            | highBitsOfZeros(word ^ ones &* 0x7F)
        return (controls | others) & (ones &* 0x80)
    }
}
