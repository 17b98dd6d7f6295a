/// The members of one object, taken out one by one by whoever knows their names.
struct JSONObject {
    private var members: [String: JSONValue] = [:]
    private var order: [String] = []
    private let offset: Int

    /// Reads the keys of an object that was scanned before.
    ///
    /// - Parameter name: what the object is, for messages.
    init(_ value: JSONValue, of json: Span<UInt8>, as name: String) throws(InterchangeError) {
        guard value.kind == .object else {
            throw InterchangeError(
                .invalidField, "\(name) is an object, not \(value.kind.phrase)", offset: value.range.lowerBound)
        }
        offset = value.range.lowerBound
        try JSONScanner.forEachMember(of: value, in: json) { (key, value) throws(InterchangeError) in
            let text = try JSONScanner.text(of: key, in: json)
            guard members.updateValue(value, forKey: text) == nil else {
                throw InterchangeError(
                    .duplicateField, "\(Self.quoted(text)) stands twice in \(name)", offset: key.range.lowerBound)
            }
            order.append(text)
        }
    }

    /// Takes a member out.
    mutating func take(_ key: String) -> JSONValue? {
        members.removeValue(forKey: key)
    }

    /// Takes a member out that must be there.
    mutating func require(_ key: String) throws(InterchangeError) -> JSONValue {
        guard let value = take(key) else {
            throw InterchangeError(.missingField, "\(key) is missing", offset: offset)
        }
        return value
    }

    /// Takes out everything that is left, in the order of the text.
    mutating func takeAll() -> [(key: String, value: JSONValue)] {
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

extension JSONValue.Kind {
    /// The kind with its article.
    var phrase: String {
        switch self {
        case .object, .array: "an \(rawValue)"
        case .null: rawValue
        default: "a \(rawValue)"
        }
    }
}
