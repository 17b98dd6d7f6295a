#if JetStream
import EventSourcing
import Synchronization

/// Lets the appends of this process to one stream take turns.
///
/// Against other processes the server decides; within one, an append that is refused for its neighbour would be wasted.
final class StreamTurns: Sendable {
    /// Who waits, by stream; a stream that is taken has an entry.
    private let waiting = Mutex<[StreamID: [CheckedContinuation<Void, Never>]]>([:])

    func withTurn<Value, Failure: Error>(
        at stream: StreamID, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await take(stream)
        defer { pass(stream) }
        return try await body()
    }

    private func take(_ stream: StreamID) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[stream] != nil else {
                    waiting[stream] = []
                    return true
                }
                waiting[stream]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func pass(_ stream: StreamID) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLock { waiting in
            guard waiting[stream]?.isEmpty == false else {
                waiting[stream] = nil
                return nil
            }
            return waiting[stream]?.removeFirst()
        }
        next?.resume()
    }
}
#endif
