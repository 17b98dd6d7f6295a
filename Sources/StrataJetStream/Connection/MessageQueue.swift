#if JetStream
import Synchronization

/// Messages that come in answer to one request, one after the other; read by one task at a time.
final class MessageQueue: Sendable {
    private struct State {
        var messages: [NATSReply] = []
        var failure: RequestFailure?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func receive(_ message: NATSReply) {
        state.withLock { state in
            state.messages.append(message)
            return state.waiting.take()
        }?.resume()
    }

    func fail(_ failure: RequestFailure) {
        state.withLock { state in
            state.failure = state.failure ?? failure
            return state.waiting.take()
        }?.resume()
    }

    /// All messages that have come, at least one.
    func next() async throws(RequestFailure) -> [NATSReply] {
        while true {
            let (messages, failure) = state.withLock { state in
                let messages = state.messages
                state.messages = []
                return (messages, state.failure)
            }
            if !messages.isEmpty { return messages }
            if let failure { throw failure }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.messages.isEmpty, state.failure == nil else { return false }
                    state.waiting = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }
}
#endif
