import Dispatch

/// Runs an actor's jobs on a thread that may block, so that its file system calls never hold up the cooperative pool.
final class BlockingExecutor: SerialExecutor {
    private enum Place {
        case queue(DispatchQueue)
        case simulation(any SimulationThread)
    }

    private let place: Place

    init(label: String) {
        place = Simulation.thread.map(Place.simulation) ?? .queue(DispatchQueue(label: label))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        switch place {
        case .queue(let queue): queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        case .simulation(let thread): thread.enqueue(job, on: self)
        }
    }
}

/// Threads that may block, for reading.
enum BlockingReads {
    private static let queue = DispatchQueue(label: "strata.reads", attributes: .concurrent)

    /// Whether reads go on beside their callers; a simulation does one thing at a time.
    static var areConcurrent: Bool { Simulation.thread == nil }

    /// Starts a function that may block, beside its caller.
    static func start(_ body: @escaping @Sendable () -> Void) {
        queue.async(execute: body)
    }

    /// Runs a function that may block, away from the cooperative pool.
    static func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if Simulation.thread != nil { return try body() }
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
