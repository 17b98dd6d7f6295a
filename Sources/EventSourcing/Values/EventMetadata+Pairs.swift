extension EventMetadata {
    /// The well-known keys.
    enum Key {
        static let correlationID = "correlation_id"
        static let causationID = "causation_id"
        static let tenantID = "tenant_id"
        static let actor = "actor"
        static let wellKnown = [correlationID, causationID, tenantID, actor]

        static func code(of key: String) -> UInt8? {
            wellKnown.firstIndex(of: key).map { UInt8($0 + 1) }
        }

        static func name(of code: UInt8) -> String? {
            (1...wellKnown.count).contains(Int(code)) ? wellKnown[Int(code) - 1] : nil
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

    /// One encoded pair.
    struct Pair {
        /// The number of a well-known key.
        let code: UInt8?
        /// The text of any other key.
        let key: Bytes
        let value: Bytes
        /// The offset behind the pair.
        let end: Int

        /// The key's text; nil where it is not UTF-8 or an unknown number.
        var name: String? {
            if let code { Key.name(of: code) } else { String(utf8: key) }
        }

        /// The pair at an offset; nil at the end and where the bytes make no pair.
        init?(in bytes: Bytes, at offset: Int) {
            var next = offset
            guard let keyLength = LEB128.read(from: bytes, at: &next) else { return nil }
            if keyLength == 0 {
                guard next < bytes.count, Key.name(of: bytes[next]) != nil else { return nil }
                code = bytes[next]
                key = Bytes()
                next += 1
            } else {
                guard keyLength - 1 <= bytes.count - next else { return nil }
                code = nil
                key = bytes.slice(next..<next + keyLength - 1)
                next += keyLength - 1
            }
            guard let valueLength = LEB128.read(from: bytes, at: &next), valueLength <= bytes.count - next
            else { return nil }
            value = bytes.slice(next..<next + valueLength)
            end = next + valueLength
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
    static func read(from bytes: Bytes, at offset: inout Int) -> Int? {
        var value = 0
        var shift = 0
        while offset < bytes.count, shift <= 28 {
            let byte = bytes[offset]
            offset += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
