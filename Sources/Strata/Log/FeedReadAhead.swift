import EventSourcing
import Synchronization

/// Reads batches of a feed before they are asked for, so that reading goes on while the last batch is worked on, and one job
/// reads many batches without waiting for whoever wants them.
///
/// At most ``depth`` batches wait. Asked by one task at a time.
final class FeedReadAhead: Sendable {
    typealias Outcome = Result<[RecordedEvent]?, StrataError>

    fileprivate struct State {
        var cursor: FeedPosition
        var limit: Int
        /// In order; nil stands for the end, behind which nothing is read.
        var ready: [Outcome] = []
        var waiter: CheckedContinuation<Outcome, Never>?
        var isReading = false
        var isAtEnd = false
    }

    private static let depth = 2
    private let state: Mutex<State>

    /// - Parameters:
    ///   - cursor: where to go on.
    ///   - limit: at most so many events.
    init(_ cursor: FeedPosition, limit: Int) {
        state = Mutex(State(cursor: cursor, limit: limit))
    }

    /// The next batch; nil at the end.
    func next() async throws(StrataError) -> [RecordedEvent]? {
        let outcome: Outcome = await withCheckedContinuation { continuation in
            let (outcome, begins) = state.withLock { $0.take(or: continuation) }
            if let outcome { continuation.resume(returning: outcome) }
            if begins { BlockingReads.start { self.read() } }
        }
        return try outcome.get()
    }

    /// Reads until enough batches wait. May block.
    private func read() {
        var (cursor, limit) = state.withLock { ($0.cursor, $0.limit) }
        while true {
            let outcome: Outcome
            do throws(StrataError) {
                outcome = .success(try cursor.next(limit: limit))
            } catch {
                outcome = .failure(error)
            }
            if case .success(let batch?) = outcome { limit -= batch.count }
            let (waiter, goesOn) = state.withLock { $0.add(outcome, cursor, limit: limit, depth: Self.depth) }
            waiter?.resume(returning: outcome)
            guard goesOn else { return }
        }
    }
}

extension FeedReadAhead.State {
    /// A batch that waits, or else has somebody wait for one; and whether reading begins.
    fileprivate mutating func take(
        or continuation: CheckedContinuation<FeedReadAhead.Outcome, Never>
    ) -> (FeedReadAhead.Outcome?, Bool) {
        let outcome = ready.isEmpty ? (isAtEnd ? .success(nil) : nil) : ready.removeFirst()
        if outcome == nil { waiter = continuation }
        let begins = !isReading && !isAtEnd
        if begins { isReading = true }
        return (outcome, begins)
    }

    /// Takes a batch; returns who waits for it, and whether another one is read.
    fileprivate mutating func add(
        _ outcome: FeedReadAhead.Outcome, _ cursor: FeedPosition, limit: Int, depth: Int
    ) -> (CheckedContinuation<FeedReadAhead.Outcome, Never>?, Bool) {
        (self.cursor, self.limit) = (cursor, limit)
        let waiter = waiter
        self.waiter = nil
        if waiter == nil { ready.append(outcome) }
        switch outcome {
        case .success(nil): isAtEnd = true
        case .success: isAtEnd = limit <= 0
        // Whoever asks again meets it again.
        case .failure: break
        }
        if case .failure = outcome { isReading = false } else { isReading = !isAtEnd && ready.count < depth }
        return (waiter, isReading)
    }
}
