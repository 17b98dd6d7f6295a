public import EventSourcing
public import FoundationEssentials

/// A test of an aggregate's rules: given what has happened, when a command runs, then this happens.
///
/// ```swift
/// try Scenario<Order>.given(.created(customerID: customer))
///     .when { try $0.submit() }
///     .thenFails(with: OrderError.empty)
/// ```
///
/// It needs no store, and no test framework: where something else happens, it throws a ``ScenarioMismatch``.
public struct Scenario<State: Aggregate>: Sendable where State.Event: Equatable {
    private let history: AggregateRoot<State>

    /// An aggregate that some events, or none, have happened to.
    public static func given(_ events: State.Event..., id: UUID = UUID()) -> Scenario {
        given(events, id: id)
    }

    /// An aggregate that some events, or none, have happened to.
    public static func given(_ events: [State.Event], id: UUID = UUID()) -> Scenario {
        var state = State(id: id)
        for event in events { state.apply(event) }
        return Scenario(history: AggregateRoot(id: id, state: state, version: events.count))
    }

    /// Runs a command on the aggregate.
    public func when(_ command: (inout AggregateRoot<State>) throws -> Void) -> ScenarioOutcome<State> {
        var aggregate = history
        do {
            try command(&aggregate)
            return ScenarioOutcome(aggregate: aggregate, failure: nil)
        } catch {
            return ScenarioOutcome(aggregate: aggregate, failure: error)
        }
    }
}
