#if JetStream
import Synchronization

/// Knows who waits for which answer.
///
/// Every request has a number, which ends the subject that its answer comes to. One subscription receives all answers.
final class ReplyRouter: Sendable {
    private enum Receiver {
        case reply(ReplyCollector, index: Int)
        case messages(MessageQueue)
    }

    private struct Entry {
        let receiver: Receiver
        /// When to give up; nil where nothing is expected now. Put off by each message that comes.
        var deadline: ContinuousClock.Instant?
        let timeout: Duration
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var nextNumber: UInt64 = 1
    }

    private let state = Mutex(State())

    /// Whether nobody waits for anything.
    var isIdle: Bool { state.withLock { $0.entries.values.allSatisfy { $0.deadline == nil } } }

    /// Whether so many answers are to come that several may come together.
    var isExpectingMany: Bool { state.withLock { $0.entries.count > 8 } }

    /// Expects the answers to so many requests; gives the number of the first, the others follow.
    func expect(_ count: Int, within timeout: Duration, for collector: ReplyCollector) -> UInt64 {
        let deadline = ContinuousClock.now + timeout
        return state.withLock { state in
            let first = state.nextNumber
            state.nextNumber += UInt64(count)
            for index in 0..<count {
                state.entries[first + UInt64(index)] = Entry(
                    receiver: .reply(collector, index: index), deadline: deadline, timeout: timeout)
            }
            return first
        }
    }

    /// Registers a queue for messages until ``forget(_:)``; gives its number.
    func register(_ queue: MessageQueue, timeout: Duration) -> UInt64 {
        state.withLock { state in
            defer { state.nextNumber += 1 }
            state.entries[state.nextNumber] = Entry(receiver: .messages(queue), deadline: nil, timeout: timeout)
            return state.nextNumber
        }
    }

    /// Expects messages for a queue from now on, with no more than its timeout between one and the next, or none.
    func expectMessages(_ isExpecting: Bool, for number: UInt64) {
        state.withLock { state in
            guard let timeout = state.entries[number]?.timeout else { return }
            state.entries[number]?.deadline = isExpecting ? .now + timeout : nil
        }
    }

    func forget(_ number: UInt64) {
        state.withLock { _ = $0.entries.removeValue(forKey: number) }
    }

    func deliver(_ reply: NATSReply, to number: UInt64) {
        let receiver: Receiver? = state.withLock { state in
            guard let entry = state.entries[number] else { return nil }
            switch entry.receiver {
            case .reply: state.entries[number] = nil
            case .messages: state.entries[number]?.deadline = entry.deadline.map { _ in .now + entry.timeout }
            }
            return entry.receiver
        }
        let hasNoResponders = reply.status == 503 && reply.payload.isEmpty
        switch receiver {
        case .reply(let collector, let index):
            collector.complete(index, with: hasNoResponders ? .failure(.noResponders) : .success(reply))
        case .messages(let queue):
            if hasNoResponders { queue.fail(.noResponders) } else { queue.receive(reply) }
        case nil:
            break
        }
    }

    func fail(_ number: UInt64, _ failure: RequestFailure) {
        if let entry = state.withLock({ $0.entries.removeValue(forKey: number) }) { fail(entry, failure) }
    }

    /// Fails everything that waits.
    func failAll(_ failure: RequestFailure) {
        let entries = state.withLock { state in
            defer { state.entries = [:] }
            return state.entries
        }
        for entry in entries.values { fail(entry, failure) }
    }

    /// Fails what has waited too long.
    func failOverdue() {
        let now = ContinuousClock.now
        let overdue = state.withLock { state in
            let overdue = state.entries.filter { $0.value.deadline.map { $0 <= now } ?? false }
            for number in overdue.keys { state.entries[number] = nil }
            return overdue
        }
        for entry in overdue.values { fail(entry, .timedOut) }
    }

    private func fail(_ entry: Entry, _ failure: RequestFailure) {
        switch entry.receiver {
        case .reply(let collector, let index): collector.complete(index, with: .failure(failure))
        case .messages(let queue): queue.fail(failure)
        }
    }
}
#endif
