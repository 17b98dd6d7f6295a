#if PostgreSQL
/// Where in a database the stores keep their tables.
public struct PostgreSQLSchema: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The schema's name: 1 to 48 letters, digits and underscores of ASCII, no digit in front.
    public let name: String

    /// - Returns: nil where the name breaks the rule.
    public init?(_ name: String) {
        guard Self.isValid(name) else { return nil }
        self.name = name
    }

    /// - Precondition: the name keeps the rule.
    public init(stringLiteral name: String) {
        precondition(Self.isValid(name), "a schema's name has 1 to 48 letters, digits and underscores")
        self.name = name
    }

    /// `strata`.
    public static let strata: PostgreSQLSchema = "strata"

    private static func isValid(_ name: String) -> Bool {
        let isWord = name.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || byte == UInt8(ascii: "_")
        }
        return isWord && (1...48).contains(name.utf8.count) && !(name.first?.isNumber ?? true)
    }

    /// The name as it stands in statements.
    var quoted: String { "\"\(name)\"" }

    /// The channel on which appends are notified.
    var channel: String { "strata.\(name)" }
}
#endif
