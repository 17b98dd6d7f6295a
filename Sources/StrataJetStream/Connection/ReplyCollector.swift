#if JetStream
import Synchronization

typealias ReplyResult = Result<NATSReply, RequestFailure>

/// Gathers the answers to requests that were sent together, and resumes whoever waits once all are there.
final class ReplyCollector: Sendable {
    private struct State {
        var results: [ReplyResult?]
        var missing: Int
        var continuation: CheckedContinuation<[ReplyResult], Never>?
    }

    private let state: Mutex<State>

    init(count: Int, _ continuation: CheckedContinuation<[ReplyResult], Never>) {
        state = Mutex(
            State(results: Array(repeating: nil, count: count), missing: count, continuation: continuation))
    }

    /// Takes the answer to one of the requests; the first one counts.
    func complete(_ index: Int, with result: ReplyResult) {
        let finished: (CheckedContinuation<[ReplyResult], Never>, [ReplyResult])? = state.withLock { state in
            guard state.results[index] == nil else { return nil }
            state.results[index] = result
            state.missing -= 1
            guard state.missing == 0, let continuation = state.continuation else { return nil }
            state.continuation = nil
            return (continuation, state.results.compactMap(\.self))
        }
        if let (continuation, results) = finished { continuation.resume(returning: results) }
    }
}
#endif
