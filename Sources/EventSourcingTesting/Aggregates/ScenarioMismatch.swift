/// A ``Scenario`` that went otherwise than expected.
public struct ScenarioMismatch: Error, Hashable, Sendable {
    /// What was to happen: the failure, if any, and the events.
    public let expected: [String]
    /// What happened.
    public let actual: [String]
}

extension ScenarioMismatch: CustomStringConvertible {
    /// Both, one event a line.
    public var description: String {
        (["expected"] + expected.map { "  " + $0 } + ["but got"] + actual.map { "  " + $0 }).joined(separator: "\n")
    }
}
