extension EventMetadata {
    /// The well-known keys.
    enum Key {
        static let correlationID = "correlation_id"
        static let causationID = "causation_id"
        static let tenantID = "tenant_id"
        static let actor = "actor"
        static let wellKnown = [correlationID, causationID, tenantID, actor]
        static let codes: ClosedRange<UInt8> = 1...4

        static func code(of key: String) -> UInt8? {
            wellKnown.firstIndex(of: key).map { UInt8($0 + 1) }
        }

        static func name(of code: UInt8) -> String? {
            codes.contains(code) ? wellKnown[Int(code) - 1] : nil
        }

        static func precedes(_ left: String, _ right: String) -> Bool {
            switch (code(of: left), code(of: right)) {
            case (let left?, let right?): left < right
            case (.some, nil): true
            case (nil, .some): false
            case (nil, nil): left.utf8.lexicographicallyPrecedes(right.utf8)
            }
        }
    }

    /// The places of one encoded pair's parts.
    struct Pair {
        /// The number of a well-known key.
        let code: UInt8?
        /// The text of any other key.
        let key: Range<Int>
        let value: Range<Int>

        /// The offset behind the pair.
        var end: Int { value.upperBound }

        /// The key's text; nil where it is not UTF-8.
        func name(in bytes: Bytes) -> String? {
            if let code { Key.name(of: code) } else { String(utf8: bytes.slice(key)) }
        }

        /// The pair at an offset; nil at the end and where the bytes make no pair.
        init?(in bytes: RawSpan, at offset: Int) {
            var next = offset
            guard let keyLength = LEB128.read(from: bytes, at: &next) else { return nil }
            if keyLength == 0 {
                guard next < bytes.byteCount else { return nil }
                let code = bytes.byte(at: next)
                guard Key.codes.contains(code) else { return nil }
                self.code = code
                key = next..<next
                next += 1
            } else {
                guard keyLength - 1 <= bytes.byteCount - next else { return nil }
                code = nil
                key = next..<next + keyLength - 1
                next = key.upperBound
            }
            guard let valueLength = LEB128.read(from: bytes, at: &next), valueLength <= bytes.byteCount - next
            else { return nil }
            value = next..<next + valueLength
        }

        init?(in bytes: Bytes, at offset: Int) {
            guard let pair = bytes.withSpan({ Pair(in: $0, at: offset) }) else { return nil }
            self = pair
        }
    }
}

/// Unsigned numbers in groups of seven bits, the lowest first (DWARF 5, section 7.6).
enum LEB128 {
    static func append(_ value: Int, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Reads a number of at most 35 bits and moves behind it; nil where there is none.
    static func read(from bytes: RawSpan, at offset: inout Int) -> Int? {
        var value = 0
        var shift = 0
        while offset < bytes.byteCount, shift <= 28 {
            let byte = bytes.byte(at: offset)
            offset += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}

extension RawSpan {
    fileprivate func byte(at offset: Int) -> UInt8 {
        // Safe: every bit pattern is a valid number, and the call checks the bounds.
        unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
