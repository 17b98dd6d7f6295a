package import FoundationEssentials

// The usual notation: 8, 4, 4, 4 and 12 hexadecimal digits with hyphens between them (RFC 9562, section 4).
extension UUID {
    /// The usual notation in lower case.
    package var lowercased: String {
        // Safe: the pointer is used only during the call.
        notation(letterA: UInt8(ascii: "a")).span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The usual notation in ASCII.
    ///
    /// - Parameter letterA: the digit for ten, which says whether letters are small or capital.
    func notation(letterA: UInt8) -> [36 of UInt8] {
        var text: [36 of UInt8] = .init(repeating: UInt8(ascii: "-"))
        var (high, low) = (UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
        for index in 0..<36 where index != 8 && index != 13 && index != 18 && index != 23 {
            let value = UInt8(truncatingIfNeeded: high >> 60)
            text[index] = value < 10 ? UInt8(ascii: "0") &+ value : letterA &+ (value &- 10)
            high = high << 4 | low >> 60
            low <<= 4
        }
        return text
    }

    /// Reads the usual notation, in either case; nil where it is something else.
    init?(notation: borrowing Span<UInt8>) {
        guard
            notation.count == 36,
            notation[8] == UInt8(ascii: "-"), notation[13] == UInt8(ascii: "-"), notation[18] == UInt8(ascii: "-"),
            notation[23] == UInt8(ascii: "-")
        else { return nil }
        // Eight digits at a time.
        let bytes = notation.bytes
        func four(at offset: Int) -> UInt64 {
            UInt64(UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        func value(_ low: Int, _ high: Int) -> UInt64? { Self.value(ofDigits: four(at: low) | four(at: high) << 32) }
        guard
            let first = value(0, 4), let second = value(9, 14), let third = value(19, 24), let fourth = value(28, 32)
        else { return nil }
        self.init(bits: UInt128(first << 32 | second) << 64 | UInt128(third << 32 | fourth))
    }

    /// What eight hexadecimal digits stand for, each in a byte of its own, the first one in the lowest; nil where one is
    /// none.
    private static func value(ofDigits digits: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &* 0x80
        // Bytes of 0x80 and above would carry into their neighbours below.
        guard digits & highBits == 0 else { return nil }
        // In each byte, the high bit says whether the byte is at least a bound.
        let isDigit = (digits &+ ones &* (0x80 - 0x30)) & ~(digits &+ ones &* (0x80 - 0x3A))
        let small = digits | ones &* 0x20
        let isLetter = (small &+ ones &* (0x80 - 0x61)) & ~(small &+ ones &* (0x80 - 0x67))
        guard (isDigit | isLetter) & highBits == highBits else { return nil }
        // A digit's low half is its value, a letter's is nine less.
        var values = (digits & (ones &* 0x0F)) &+ ((isLetter & highBits) >> 7) &* 9
        // Joined by pairs: to bytes, to words of 16 bits, to 32 bits.
        values = (values & 0x000F_000F_000F_000F) << 4 | (values >> 8) & 0x000F_000F_000F_000F
        values = (values & 0x0000_00FF_0000_00FF) << 8 | (values >> 16) & 0x0000_00FF_0000_00FF
        return (values & 0xFFFF) << 16 | values >> 32
    }
}
