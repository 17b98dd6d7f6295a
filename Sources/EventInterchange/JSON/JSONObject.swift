import EventSourcing

/// The members of one object, taken out one by one by whoever knows their names.
struct JSONObject {
    private var members: [String: JSONText.Token] = [:]
    private var order: [String] = []
    private let offset: Int

    /// Reads the keys of an object.
    ///
    /// - Parameter name: what the object is, for messages.
    init(_ value: JSONText.Token, of text: JSONText, as name: String) throws(InterchangeError) {
        guard value.kind == .object else {
            throw InterchangeError(
                .invalidField, "\(name) is an object, not \(value.kind.phrase)", offset: value.range.lowerBound)
        }
        offset = value.range.lowerBound
        for member in text.members(of: value) {
            let key = try text.characters(of: member.name)
            guard members.updateValue(member.value, forKey: key) == nil else {
                throw InterchangeError(
                    .duplicateField, "\(Self.quoted(key)) stands twice in \(name)",
                    offset: member.name.range.lowerBound)
            }
            order.append(key)
        }
    }

    /// Takes a member out.
    mutating func take(_ key: String) -> JSONText.Token? {
        members.removeValue(forKey: key)
    }

    /// Takes a member out that must be there.
    mutating func require(_ key: String) throws(InterchangeError) -> JSONText.Token {
        guard let value = take(key) else {
            throw InterchangeError(.missingField, "\(key) is missing", offset: offset)
        }
        return value
    }

    /// Takes out everything that is left, in the order of the text.
    mutating func takeAll() -> [(key: String, value: JSONText.Token)] {
        defer { members = [:] }
        return order.compactMap { key in members[key].map { (key, $0) } }
    }

    /// Checks that nothing is left.
    func checkIsEmpty() throws(InterchangeError) {
        guard let key = order.first(where: { members[$0] != nil }), let value = members[key] else { return }
        throw InterchangeError(
            .unknownField, "\(Self.quoted(key)) is no field of this object", offset: value.range.lowerBound)
    }

    /// A key as a message may show it: short, and without characters that a terminal would act on.
    static func quoted(_ key: String) -> String {
        var shown = ""
        for scalar in key.unicodeScalars.prefix(64) {
            shown.unicodeScalars.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar)
        }
        return "'\(shown)\(key.unicodeScalars.count > 64 ? "…" : "")'"
    }
}

extension JSONText.Kind {
    /// The kind with its article.
    var phrase: String {
        switch self {
        case .object, .array: "an \(rawValue)"
        case .null: rawValue
        default: "a \(rawValue)"
        }
    }
}

extension JSONText {
    /// How deep arrays and objects may nest in a line.
    static let depthLimitOfLine = 128

    /// Takes a line apart.
    init(line: Bytes) throws(InterchangeError) {
        do throws(JSONSyntaxError) {
            try self.init(line, depthLimit: Self.depthLimitOfLine)
        } catch {
            throw InterchangeError(
                error.isInvalidUTF8 ? .invalidUTF8 : .invalidJSON, error.message, offset: error.offset)
        }
    }

    /// The text of a string.
    ///
    /// - Throws: ``InterchangeError/Code/invalidField`` for half of a surrogate pair, which is no text.
    func characters(of string: Token) throws(InterchangeError) -> String {
        guard let characters = self.string(string) else {
            throw InterchangeError(
                .invalidField, "half of a surrogate pair is no character", offset: string.range.lowerBound)
        }
        return characters
    }
}
