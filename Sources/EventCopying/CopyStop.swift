import Synchronization

/// Ends a copy from elsewhere, such as from a signal: it stops behind a whole commit.
public final class CopyStop: Sendable {
    private struct State {
        var isStopped = false
        var waiting: [Int: AsyncStream<Never>.Continuation] = [:]
        var nextNumber = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Has the copy end soon. Idempotent.
    public func stop() {
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Whether the copy is to end.
    public var isStopped: Bool { state.withLock(\.isStopped) }

    /// Waits until the copy is to end, or the task is cancelled.
    public func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let number: Int? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.nextNumber += 1
            state.waiting[state.nextNumber] = continuation
            return state.nextNumber
        }
        guard let number else { return }
        for await _ in stream {}
        _ = state.withLock { $0.waiting.removeValue(forKey: number) }
    }
}
