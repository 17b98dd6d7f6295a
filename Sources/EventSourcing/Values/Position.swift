/// Where an event stands in the order of its whole store.
///
/// Positions begin at 1, strictly increase in the order of appending, may have gaps, and are never renumbered.
/// Not to be mistaken for a version, which counts the events of one stream.
public struct Position: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: Int

    @inlinable
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    @inlinable
    public init(_ rawValue: Int) {
        self.rawValue = rawValue
    }
}

extension Position: Comparable {
    public static func < (left: Position, right: Position) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Position: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) {
        self.init(value)
    }
}

extension Position: CustomStringConvertible {
    public var description: String { String(rawValue) }
}
