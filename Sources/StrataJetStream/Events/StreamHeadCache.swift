#if JetStream
import EventSourcing
import Synchronization

/// Where streams stood when this store last heard of them.
///
/// What it says may be outdated: an append that relies on it is refused by the server, which spares it a question in
/// the usual case. It holds up to 16,384 streams, those that were used last.
final class StreamHeadCache: Sendable {
    private static let generationSize = 8_192

    private struct State {
        var young: [StreamID: StreamHead] = [:]
        var old: [StreamID: StreamHead] = [:]
        var newestSequence: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The highest sequence of the store that was seen so far.
    var newestSequence: UInt64 { state.withLock { $0.newestSequence } }

    func saw(sequence: UInt64) {
        state.withLock { $0.newestSequence = max($0.newestSequence, sequence) }
    }

    func head(of stream: StreamID) -> StreamHead? {
        state.withLock { $0.young[stream] ?? $0.old[stream] }
    }

    func keep(_ head: StreamHead, of stream: StreamID) {
        state.withLock { state in
            state.newestSequence = max(state.newestSequence, head.sequence)
            if state.young.count >= Self.generationSize {
                state.old = state.young
                state.young = [:]
            }
            state.young[stream] = head
        }
    }

    func forget(_ stream: StreamID) {
        state.withLock { state in
            state.young[stream] = nil
            state.old[stream] = nil
        }
    }
}
#endif
