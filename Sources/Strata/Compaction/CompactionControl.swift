import Synchronization

/// How far a compaction is, how fast it may be, and whether it is to end.
final class CompactionControl: Sendable {
    private struct State {
        var throttle: Throttle
        var bytesDone = 0
        var bytesTotal = 0
    }

    private let state: Mutex<State>
    private let isCancelledFlag = Mutex(false)
    private let onProgress: @Sendable (JobProgress) -> Void

    init(maxBytesPerSecond: Int? = nil, onProgress: @escaping @Sendable (JobProgress) -> Void = { _ in }) {
        state = Mutex(State(throttle: Throttle(bytesPerSecond: maxBytesPerSecond)))
        self.onProgress = onProgress
    }

    func cancel() {
        isCancelledFlag.withLock { $0 = true }
    }

    var isCancelled: Bool { isCancelledFlag.withLock { $0 } }

    /// - Throws: ``StrataError/Code/cancelled`` once the job is to end.
    func check() throws(StrataError) {
        if isCancelled { throw StrataError(.cancelled, "the compaction was cancelled") }
    }

    /// Says how many bytes there are to be read.
    func begin(bytesTotal: Int) {
        state.withLock { state in
            state.bytesDone = 0
            state.bytesTotal = bytesTotal
        }
    }

    /// Takes note of bytes that were read, and waits until the job may go on. May block.
    func didRead(_ count: Int) throws(StrataError) {
        let progress = state.withLock { state in
            state.bytesDone = min(state.bytesDone + count, state.bytesTotal)
            return JobProgress(bytesDone: state.bytesDone, bytesTotal: state.bytesTotal)
        }
        onProgress(progress)
        try wait(for: count)
    }

    /// Waits until the job may write so many bytes. May block.
    func willWrite(_ count: Int) throws(StrataError) {
        try wait(for: count)
    }

    private func wait(for count: Int) throws(StrataError) {
        // Only the job itself waits here, so that nobody else is held up by the lock.
        state.withLock { $0.throttle.wait(for: count) { isCancelled } }
        try check()
    }
}
