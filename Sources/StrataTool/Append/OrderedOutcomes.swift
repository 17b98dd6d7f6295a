import Synchronization

/// Commits in flight, whose outcomes come in any order and leave in the order of the input.
///
/// One producer reserves a place for each line and waits while too many, or too many bytes, are in flight; one consumer
/// takes outcomes from the front, as many at a time as are there.
final class OrderedOutcomes: Sendable {
    private struct Place {
        let bytes: Int
        var outcome: AppendOutcome?
    }

    private struct State {
        var places: [Place] = []
        /// The ticket of the place at the front.
        var firstTicket = 0
        var bytes = 0
        var isFinished = false
        var isCancelled = false
        var producer: CheckedContinuation<Bool, Never>?
        var consumer: CheckedContinuation<Bool, Never>?

        /// Whether there are outcomes to take, or none will come.
        var canDeliver: Bool { places.first.map { $0.outcome != nil } ?? (isFinished || isCancelled) }
    }

    private let limit: Int
    private let byteLimit: Int
    private let state = Mutex(State())

    init(limit: Int = 1_024, byteLimit: Int = 64 << 20) {
        self.limit = limit
        self.byteLimit = byteLimit
    }

    /// A place behind all others, once there is room for it; nil when the consumer wants no more.
    ///
    /// - Parameter bytes: how much memory the commit holds until its outcome is taken.
    func reserve(bytes: Int) async -> Int? {
        let hasRoom: @Sendable (borrowing State) -> Bool = { [limit, byteLimit] state in
            state.isCancelled || state.places.isEmpty
                || (state.places.count < limit && state.bytes + bytes <= byteLimit)
        }
        await wait(keepingIn: \.producer, until: hasRoom)
        return state.withLock { state in
            guard !state.isCancelled else { return nil }
            state.places.append(Place(bytes: bytes))
            state.bytes += bytes
            return state.firstTicket + state.places.count - 1
        }
    }

    /// Fills a place. Called once for each ticket.
    func complete(_ ticket: Int, _ outcome: AppendOutcome) {
        let consumer = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.places[ticket - state.firstTicket].outcome = outcome
            return state.canDeliver ? state.consumer.take() : nil
        }
        consumer?.resume(returning: false)
    }

    /// Says that no more lines come.
    func finish() {
        let consumer = state.withLock { state in
            state.isFinished = true
            return state.consumer.take()
        }
        consumer?.resume(returning: false)
    }

    /// Says that no more lines are wanted. Those in flight still come out.
    func cancel() {
        let producer = state.withLock { state in
            state.isCancelled = true
            return state.producer.take()
        }
        producer?.resume(returning: false)
    }

    /// Whether the consumer wants no more.
    var isCancelled: Bool { state.withLock(\.isCancelled) }

    /// The next outcomes in the order of the input, all that are there; nil at the end, or once none is in flight any
    /// more behind ``cancel()``.
    func next() async -> [AppendOutcome]? {
        await wait(keepingIn: \.consumer, until: { $0.canDeliver })
        let (outcomes, producer) = state.withLock { state in
            let ready = state.places.prefix { $0.outcome != nil }
            let outcomes = ready.compactMap(\.outcome)
            state.bytes -= ready.reduce(0) { $0 + $1.bytes }
            state.places.removeFirst(outcomes.count)
            state.firstTicket += outcomes.count
            return (outcomes, state.producer.take())
        }
        producer?.resume(returning: false)
        return outcomes.isEmpty ? nil : outcomes
    }

    /// Waits until the state is as wanted; whoever changes it wakes the continuation, and the state is looked at again.
    private func wait(
        keepingIn slot: any WritableKeyPath<State, CheckedContinuation<Bool, Never>?> & Sendable,
        until isAsWanted: @Sendable (borrowing State) -> Bool
    ) async {
        while true {
            let isDone = await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if isAsWanted(state) { return true }
                    state[keyPath: slot] = continuation
                    return false
                }
                if isDone { continuation.resume(returning: true) }
            }
            if isDone { return }
        }
    }
}
