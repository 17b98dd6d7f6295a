public import FoundationEssentials

/// An aggregate at work: its state, its version, and the events that commands recorded and no store has yet.
public struct AggregateRoot<State: Aggregate>: Sendable {
    /// An event that is not stored yet. It has its identity from the beginning, so that saving it twice stores it once.
    struct Uncommitted: Sendable {
        let id: UUID
        let event: State.Event
        let occurredAt: Timestamp
    }

    /// The aggregate's identifier.
    public let id: UUID
    /// The state with all events, stored or not.
    public private(set) var state: State
    /// The state with the stored events alone.
    private(set) var committedState: State
    /// The version of the last stored event; 0 before the first.
    public private(set) var committedVersion: Int
    private(set) var uncommitted: [Uncommitted] = []

    /// An aggregate that nothing has happened to yet.
    public init(id: UUID) {
        self.init(id: id, state: State(id: id), version: 0)
    }

    /// An aggregate as its stored events made it.
    ///
    /// - Parameters:
    ///   - id: the aggregate's identifier.
    ///   - state: the state with all stored events.
    ///   - version: that of the last of them.
    public init(id: UUID, state: State, version: Int) {
        self.id = id
        self.state = state
        committedState = state
        committedVersion = version
    }

    /// The stream that holds the aggregate's events.
    public var stream: StreamID { StreamID(State.aggregateType, id) }

    /// The version of the last event, stored or not; 0 before the first.
    public var version: Int { committedVersion + uncommitted.count }

    /// The version that the next event will have.
    public var nextVersion: Int { version + 1 }

    /// The events that are not stored yet, in order.
    public var uncommittedEvents: [State.Event] { uncommitted.map(\.event) }

    /// Lets an event happen: the state takes it in, and the next save stores it.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - id: the event's identity.
    ///   - occurredAt: when it happened.
    public mutating func record(_ event: State.Event, id: UUID = .random(), occurredAt: Timestamp = .now()) {
        uncommitted.append(Uncommitted(id: id, event: event, occurredAt: occurredAt))
        state.apply(event)
    }

    /// The state at a version between the last stored and the last recorded event.
    func state(at version: Int) -> State {
        if version == self.version { return state }
        var state = committedState
        for entry in uncommitted.prefix(version - committedVersion) { state.apply(entry.event) }
        return state
    }

    /// Notes that all events are stored.
    mutating func commit() {
        committedVersion = version
        committedState = state
        uncommitted = []
    }
}
