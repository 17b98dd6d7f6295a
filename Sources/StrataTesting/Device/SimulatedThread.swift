import Dispatch
import Strata
import Synchronization

/// Runs tasks and actors on one thread, each job in its turn, so that a seed determines a run to the last call of the
/// device.
///
/// With a ``Schedule``, jobs also have turns while others are in the middle of a call of the device, as they have on threads
/// of their own.
package final class SimulatedThread: SimulationThread {
    private struct Job {
        let job: UnownedJob
        /// Nil for a job of no actor.
        let executor: (any SerialExecutor)?

        var actor: ObjectIdentifier? { executor.map(ObjectIdentifier.init) }
    }

    private struct State {
        var ready: [Job] = []
        /// The actors of the jobs that are under way, each of which lets the next one have a turn.
        var running: [ObjectIdentifier?] = []
        var schedule: Schedule?
        var turns = 0

        mutating func begin() -> Job? {
            let runnable = ready.indices.filter { ready[$0].actor == nil || !running.contains(ready[$0].actor) }
            guard let chosen = schedule?.choose(from: runnable) ?? runnable.first else { return nil }
            // An actor does one job after the other.
            let actor = ready[chosen].actor
            let job = ready.remove(at: runnable.first { actor != nil && ready[$0].actor == actor } ?? chosen)
            running.append(job.actor)
            return job
        }
    }

    /// Each job that is under way takes room on the thread's stack.
    private static let mostUnderWay = 4

    private let queue = DispatchQueue(label: "strata.simulation")
    private let state: Mutex<State>

    /// - Parameter schedule: determines whose turn it is; nil for the order in which jobs become ready.
    package init(_ schedule: Schedule? = nil) {
        state = Mutex(State(schedule: schedule))
    }

    /// Runs a function, and everything that it starts, on a thread of its own.
    package static func run<Value: Sendable>(
        _ schedule: Schedule? = nil, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let thread = SimulatedThread(schedule)
        return try await Simulation.$thread.withValue(thread) {
            try await withTaskExecutorPreference(thread) { try await body() }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        enqueue(Job(job: UnownedJob(job), executor: nil))
    }

    package func enqueue(_ job: UnownedJob, on executor: any SerialExecutor) {
        enqueue(Job(job: job, executor: executor))
    }

    private func enqueue(_ job: Job) {
        state.withLock { $0.ready.append(job) }
        queue.async { _ = self.runNext() }
    }

    /// Lets others have a turn before a call of the device, if the schedule says so.
    ///
    /// To be called on this thread, where no lock is held that they may take.
    package func giveWay() {
        let turns = state.withLock { state in
            state.running.count < Self.mostUnderWay ? state.schedule?.nextTurns() ?? 0 : 0
        }
        for _ in 0..<turns {
            guard runNext() else { return }
            state.withLock { $0.turns += 1 }
        }
    }

    /// How many jobs were done in the middle of others.
    package var turns: Int { state.withLock { $0.turns } }

    /// Runs a job, unless there is none but those of actors that are in the middle of another.
    private func runNext() -> Bool {
        guard let next = state.withLock({ $0.begin() }) else { return false }
        if let executor = next.executor {
            next.job.runSynchronously(on: executor.asUnownedSerialExecutor())
        } else {
            next.job.runSynchronously(on: asUnownedTaskExecutor())
        }
        state.withLock { _ = $0.running.removeLast() }
        return true
    }
}
