public import FoundationEssentials

/// Names a stream: one aggregate's events, by the aggregate's type and its UUID.
public struct StreamID: Hashable, Sendable, Codable {
    /// The aggregate's type, such as `Order`: 1 to 255 bytes of UTF-8 without `/` and control characters.
    /// Stores check this when appending; see ``EventLimits``.
    public let aggregateType: String

    /// The aggregate's identifier.
    public let id: UUID

    @inlinable
    public init(_ aggregateType: String, _ id: UUID) {
        self.aggregateType = aggregateType
        self.id = id
    }

    /// By the identifier alone, which tells nearly all streams apart.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}

extension StreamID: CustomStringConvertible {
    /// `TYPE/ID`, the identifier in lower case.
    public var description: String { "\(aggregateType)/\(id.lowercased)" }
}

extension StreamID {
    /// Reads `TYPE/ID`.
    ///
    /// - Returns: nil where the text has not exactly one slash, the type breaks the rules for names, or the
    ///   identifier is no UUID.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = UUID(uuidString: String(parts[1])) else { return nil }
        let aggregateType = String(parts[0])
        guard EventLimits.isValidAggregateType(aggregateType) else { return nil }
        self.init(aggregateType, id)
    }
}
