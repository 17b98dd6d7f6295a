import DequeModule
import Dispatch
import Synchronization

/// Threads for reads that may block, and for nothing else: on threads that Dispatch gives out, reads take the places of
/// the cooperative pool's jobs, and whatever else the process does waits in line behind them.
///
/// Jobs begin in the order in which they come. A thread is started when a job comes and none is idle, and stays as long as
/// the process.
final class ReadingThreads: Sendable {
    private struct State {
        var jobs: Deque<@Sendable () -> Void> = []
        /// Threads that wait and that nobody has woken yet.
        var sleeping = 0
        var started = 0
    }

    private enum Help {
        case none
        case wake
        case start
    }

    private let most: Int
    private let state = Mutex(State())
    private let wakeUps = DispatchSemaphore(value: 0)

    /// - Parameter most: how many threads there may be, at least 1.
    init(atMost most: Int) {
        self.most = most
    }

    func async(_ job: @escaping @Sendable () -> Void) {
        switch state.withLock({ Self.add(job, to: &$0, most) }) {
        case .none: break
        case .wake: wakeUps.signal()
        case .start:
            if !DetachedThread.start({ self.run() }) { goOnWithoutThread() }
        }
    }

    private static func add(_ job: @escaping @Sendable () -> Void, to state: inout State, _ most: Int) -> Help {
        state.jobs.append(job)
        if state.sleeping > 0 {
            state.sleeping -= 1
            return .wake
        }
        guard state.started < most else { return .none }
        state.started += 1
        return .start
    }

    /// Without a thread of its own a job takes one of Dispatch's: it has to be done.
    private func goOnWithoutThread() {
        state.withLock { $0.started -= 1 }
        DispatchQueue.global().async {
            if let job = self.state.withLock({ $0.jobs.popFirst() }) { job() }
        }
    }

    private func run() {
        while true {
            let job = state.withLock { state in
                if state.jobs.isEmpty { state.sleeping += 1 }
                return state.jobs.popFirst()
            }
            if let job { job() } else { wakeUps.wait() }
        }
    }
}
