import Dispatch
import Strata

/// Runs tasks and actors on one thread, each job in its turn, so that a seed determines a run to the last call of the
/// device.
package final class SimulatedThread: SimulationThread {
    private let queue = DispatchQueue(label: "strata.simulation")

    package init() {}

    /// Runs a function, and everything that it starts, on a thread of its own.
    package static func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let thread = SimulatedThread()
        return try await Simulation.$thread.withValue(thread) {
            try await withTaskExecutorPreference(thread) { try await body() }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    package func enqueue(_ job: UnownedJob, on executor: any SerialExecutor) {
        queue.async { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }
}
