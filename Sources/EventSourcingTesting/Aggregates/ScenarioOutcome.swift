public import EventSourcing

/// What a command of a ``Scenario`` led to.
public struct ScenarioOutcome<State: Aggregate>: Sendable where State.Event: Equatable {
    /// The aggregate behind the command.
    public let aggregate: AggregateRoot<State>
    /// The error that the command threw, if any.
    public let failure: (any Error)?

    /// The command succeeded and recorded exactly these events.
    ///
    /// - Returns: the aggregate, whose state may be looked at.
    /// - Throws: ``ScenarioMismatch``.
    @discardableResult
    public func then(_ expected: State.Event...) throws(ScenarioMismatch) -> AggregateRoot<State> {
        guard failure == nil, aggregate.uncommittedEvents == expected else {
            throw ScenarioMismatch(expected: Self.lines(nil, expected), actual: actual)
        }
        return aggregate
    }

    /// The command failed with this error and recorded nothing.
    ///
    /// - Throws: ``ScenarioMismatch``.
    public func thenFails<Failure: Error & Equatable>(with expected: Failure) throws(ScenarioMismatch) {
        guard failure as? Failure == expected, aggregate.uncommittedEvents.isEmpty else {
            throw ScenarioMismatch(expected: Self.lines(expected, []), actual: actual)
        }
    }

    private var actual: [String] { Self.lines(failure, aggregate.uncommittedEvents) }

    private static func lines(_ failure: (any Error)?, _ events: [State.Event]) -> [String] {
        let failureLines = failure.map { ["failure: \(type(of: $0)).\($0)"] } ?? []
        let eventLines = events.map { "event: \($0)" }
        return failureLines + (eventLines.isEmpty ? ["no events"] : eventLines)
    }
}
