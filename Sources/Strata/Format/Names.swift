import EventSourcing

/// The rules of ``EventLimits`` for names, asked of bytes: without making a string of every name that is read.
extension RawSpan {
    /// Whether the bytes may name an aggregate type.
    var isAggregateType: Bool { isName(barring: UInt8(ascii: "/"), EventLimits.isValidAggregateType) }

    /// Whether the bytes may name an event type.
    var isEventType: Bool { isName(barring: nil, EventLimits.isValidEventType) }

    private func isName(barring separator: UInt8?, _ isValid: (String) -> Bool) -> Bool {
        let space = UInt8(ascii: " ")
        guard
            (1...EventLimits.nameBytes).contains(byteCount), number(at: 0, as: UInt8.self) != space,
            number(at: byteCount - 1, as: UInt8.self) != space
        else { return false }
        var isASCII = true
        for offset in 0..<byteCount {
            let byte = number(at: offset, as: UInt8.self)
            guard byte >= space, byte != 0x7F, byte != separator else { return false }
            if byte >= 0x80 { isASCII = false }
        }
        return isASCII || text.map(isValid) ?? false
    }

    /// Whether other bytes are the same.
    func isEqual(to other: [UInt8]) -> Bool {
        guard other.count == byteCount else { return false }
        let other = other.span.bytes
        var offset = 0
        while offset + 8 <= byteCount {
            guard number(at: offset, as: UInt64.self) == other.number(at: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        while offset < byteCount {
            guard number(at: offset, as: UInt8.self) == other.number(at: offset, as: UInt8.self) else { return false }
            offset += 1
        }
        return true
    }

    /// Whether the bytes are a text's UTF-8.
    func isUTF8(of text: String) -> Bool {
        var text = text
        // Safe: the pointers are used only during the calls.
        return text.withUTF8 { utf8 in
            utf8.count == byteCount && withUnsafeBytes { $0.elementsEqual(UnsafeRawBufferPointer(utf8)) }
        }
    }

    /// The text of the bytes; nil where they are not UTF-8.
    var text: String? {
        // Safe: the pointer is used only during the call.
        withUnsafeBytes { String(validating: $0, as: UTF8.self) }
    }
}
