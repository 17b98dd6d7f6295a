import FoundationEssentials

extension JSONText {
    /// The text of a string, its escapes resolved; nil where half of a surrogate pair is among them.
    package func string(_ token: Token) -> String? {
        withBytes(token.contents) { contents in
            if token.isComplex { return JSONEscape.resolve(contents) }
            // Safe: the pointer is used only during the call.
            return contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }

    func boolean(_ token: Token) -> Bool {
        self[token.range.lowerBound] == UInt8(ascii: "t")
    }

    /// A whole number; nil where it does not fit, or is not whole.
    func integer<Integer: FixedWidthInteger>(_ token: Token, as type: Integer.Type = Integer.self) -> Integer? {
        // Rarely: a whole number that is written with an exponent, or with a fraction of zeros.
        guard !token.isComplex else { return withBytes(token.range) { Self.shiftedInteger($0) } }
        return withBytes(token.range) { digits in
            let isNegative = digits[0] == UInt8(ascii: "-")
            var number: Integer = 0
            for index in (isNegative ? 1 : 0)..<digits.count {
                let digit = Integer(truncatingIfNeeded: digits[index] &- UInt8(ascii: "0"))
                let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, overflow2) =
                    isNegative
                    ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
                guard !overflow, !overflow2 else { return nil }
                number = sum
            }
            return number
        }
    }

    /// A whole number with a fraction or an exponent, digit by digit: a floating-point number would be rounded.
    private static func shiftedInteger<Integer: FixedWidthInteger>(_ text: borrowing Span<UInt8>) -> Integer? {
        let isNegative = text[0] == UInt8(ascii: "-")
        var number: Integer = 0
        // How many zeros follow the number's digits; negative where digits stand behind the point.
        var power = 0
        // Zeros that count only if another digit follows.
        var zeros = 0
        var isFraction = false
        var index = isNegative ? 1 : 0
        while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
            defer { index += 1 }
            guard text[index] != UInt8(ascii: ".") else {
                isFraction = true
                continue
            }
            if isFraction { power -= 1 }
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit > 0 else {
                zeros += 1
                continue
            }
            for place in 0...zeros {
                let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
                let added = place == zeros ? Integer(digit) : 0
                let (sum, overflow2) =
                    isNegative
                    ? shifted.subtractingReportingOverflow(added) : shifted.addingReportingOverflow(added)
                guard !overflow, !overflow2 else { return nil }
                number = sum
            }
            zeros = 0
        }
        guard number != 0 else { return 0 }
        power += zeros + exponent(text, from: index + 1)
        guard power >= 0 else { return nil }
        for _ in 0..<power {
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = shifted
        }
        return number
    }

    /// The digits of an exponent, which begin at an index; 0 where there are none. Far beyond the length of any text, it is not exact.
    private static func exponent(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        var exponent = 0
        var isNegative = false
        for index in start..<max(start, text.count) {
            switch text[index] {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            case let digit where exponent < 1 << 40: exponent = exponent * 10 + Int(digit &- UInt8(ascii: "0"))
            default: break
            }
        }
        return isNegative ? -exponent : exponent
    }

    /// The nearest floating-point number; nil where it is beyond all of them.
    func double(_ token: Token) -> Double? {
        withBytes(token.range) { text in Self.exactDouble(text) } ?? nearestDouble(token)
    }

    /// A number of few digits without an exponent: both the digits and the power of ten are represented exactly, and
    /// their quotient is rounded once, as IEEE 754 demands. Source: Clinger, "How to Read Floating Point Numbers
    /// Accurately" (PLDI 1990).
    private static func exactDouble(_ text: borrowing Span<UInt8>) -> Double? {
        guard text.count <= 17 else { return nil }
        var digits: UInt64 = 0
        var divisor = 1.0
        var isFraction = false
        let isNegative = text[0] == UInt8(ascii: "-")
        for index in (isNegative ? 1 : 0)..<text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit < 10 {
                digits = digits &* 10 &+ UInt64(digit)
                if isFraction { divisor *= 10 }
            } else {
                guard text[index] == UInt8(ascii: ".") else { return nil }
                isFraction = true
            }
        }
        guard digits < 1 << 53 else { return nil }
        let magnitude = Double(digits) / divisor
        return isNegative ? -magnitude : magnitude
    }

    private func nearestDouble(_ token: Token) -> Double? {
        // Safe: the pointer is used only during the call.
        let text = withBytes(token.range) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// A UUID in the usual notation, in either case; nil where it has escapes.
    func uuid(_ token: Token) -> UUID? {
        withBytes(token.contents) { UUID(notation: $0) }
    }

    /// Whether a key is a name, byte by byte.
    func isName(_ key: Token, _ name: borrowing Span<UInt8>) -> Bool {
        if key.isComplex { return isEscapedName(key, name) }
        return withBytes(key.contents) { Self.areEqual($0, name) }
    }

    private func isEscapedName(_ key: Token, _ name: borrowing Span<UInt8>) -> Bool {
        guard let string = string(key) else { return false }
        return Self.areEqual(string.utf8Span.span, name)
    }

    private static func areEqual(_ left: borrowing Span<UInt8>, _ right: borrowing Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}
