/// What a store does otherwise than its contract says.
///
/// Messages hold versions, positions and sizes, never payload bytes.
public struct ContractViolation: Error, Sendable {
    /// The name of the requirement that is not met.
    public let requirement: String
    /// What was found instead of what.
    public let message: String
    /// The store's own error, if one led to this.
    public let cause: (any Error)?
}

extension ContractViolation: CustomStringConvertible {
    /// One line: the requirement, then what was found.
    public var description: String { "\(requirement): \(message)" }
}
