import FoundationEssentials

// What a token is decoded as.
extension JSONSource {
    func isNull(at index: Int) -> Bool {
        text.tokens[index].kind == .null
    }

    func boolean(at index: Int) throws -> Bool {
        let token = text.tokens[index]
        guard token.kind == .boolean else { throw mismatch(Bool.self, at: index) }
        return text.boolean(token)
    }

    func string(at index: Int) throws -> String {
        let token = text.tokens[index]
        guard token.kind == .string else { throw mismatch(String.self, at: index) }
        guard let string = text.string(token) else {
            throw corrupted(index, "half of a surrogate pair is no character")
        }
        return string
    }

    func double(at index: Int) throws -> Double {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Double.self, at: index) }
        guard let number = text.double(token) else { throw corrupted(index, "the number does not fit") }
        return number
    }

    func float(at index: Int) throws -> Float {
        let number = Float(try double(at: index))
        guard number.isFinite else { throw corrupted(index, "the number does not fit") }
        return number
    }

    func integer<Integer: FixedWidthInteger>(at index: Int, as type: Integer.Type = Integer.self) throws -> Integer {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Integer.self, at: index) }
        guard let number = text.integer(token, as: type) else { throw corrupted(index, "the number does not fit") }
        return number
    }

    /// The elements of an array.
    func elements(at index: Int) throws -> any UnkeyedDecodingContainer {
        guard text.tokens[index].kind == .array else { throw mismatch([Any].self, at: index) }
        return JSONArrayContainer(source: self, array: index)
    }

    func value<Value: Decodable>(at index: Int, as type: Value.Type) throws -> Value {
        switch ObjectIdentifier(type) {
        case ObjectIdentifier(UUID.self): try same(uuid(at: index), as: type)
        case ObjectIdentifier(Date.self):
            try same(Timestamp(from: JSONValueDecoder(self, at: index)).date, as: type)
        case ObjectIdentifier(Data.self):
            try same(require(Data(base64Encoded: string(at: index)), at: index), as: type)
        case ObjectIdentifier(URL.self): try same(require(URL(string: string(at: index)), at: index), as: type)
        case ObjectIdentifier(Decimal.self): try same(decimal(at: index), as: type)
        default: try Value(from: JSONValueDecoder(self, at: index))
        }
    }

    private func uuid(at index: Int) throws -> UUID {
        let token = text.tokens[index]
        guard token.kind == .string else { throw mismatch(String.self, at: index) }
        return try require(text.uuid(token), at: index)
    }

    private func decimal(at index: Int) throws -> Decimal {
        let token = text.tokens[index]
        guard token.kind == .number else { throw mismatch(Decimal.self, at: index) }
        // Safe: the pointer is used only during the call.
        let number = text.withBytes(token.range) { bytes in
            bytes.withUnsafeBufferPointer { Decimal(string: String(decoding: $0, as: UTF8.self)) }
        }
        return try require(number, at: index)
    }

    private func require<Value>(_ value: Value?, at index: Int) throws -> Value {
        guard let value else { throw corrupted(index, "the text is no \(Value.self)") }
        return value
    }

    /// The value by the name that its type has in a generic function. A cast costs as much as all of the rest.
    private func same<Value, Named>(_ value: Value, as type: Named.Type) -> Named {
        assert(ObjectIdentifier(type) == ObjectIdentifier(Value.self))
        // Safe: the two types are the same.
        return unsafeBitCast(value, to: type)
    }
}

// MARK: Errors

extension JSONSource {
    /// A value of another type, or null, where one of `type` is due.
    func mismatch(_ type: any Any.Type, at index: Int) -> DecodingError {
        let kind = text.tokens[index].kind
        let context = context(index, "\(kind) where \(type) is due")
        return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func noMember(_ key: any CodingKey, of index: Int) -> DecodingError {
        .keyNotFound(key, context(index, "there is no such member"))
    }

    func context(_ index: Int, _ description: String, below key: (any CodingKey)? = nil) -> DecodingError.Context {
        DecodingError.Context(codingPath: path(to: index) + (key.map { [$0] } ?? []), debugDescription: description)
    }

    private func corrupted(_ index: Int, _ description: String) -> DecodingError {
        .dataCorrupted(context(index, description))
    }
}
