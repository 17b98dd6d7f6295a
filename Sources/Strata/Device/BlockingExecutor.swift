import Dispatch
import Glibc

/// Runs an actor's jobs on a thread that may block, so that its file system calls never hold up the cooperative pool.
final class BlockingExecutor: SerialExecutor {
    private enum Place {
        case queue(DispatchQueue)
        case background(BackgroundThread)
        case simulation(any SimulationThread)
    }

    private let place: Place

    init(label: String) {
        place = Simulation.thread.map(Place.simulation) ?? .queue(DispatchQueue(label: label))
    }

    /// For long jobs that give way to everything else.
    init(on thread: BackgroundThread) {
        place = Simulation.thread.map(Place.simulation) ?? .background(thread)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        switch place {
        case .queue(let queue): queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        case .background(let thread): thread.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        case .simulation(let thread): thread.enqueue(job, on: self)
        }
    }

    /// Where a task begins that goes to the actor first.
    var entrance: any TaskExecutor {
        switch place {
        case .queue(let queue): Entrance(to: self, on: queue)
        case .background: globalConcurrentExecutor
        case .simulation(let thread): thread
        }
    }

    /// Begins tasks on the actor's own thread, so that no other one is woken on the way to it.
    private final class Entrance: TaskExecutor {
        private let executor: BlockingExecutor
        private let queue: DispatchQueue

        init(to executor: BlockingExecutor, on queue: DispatchQueue) {
            self.executor = executor
            self.queue = queue
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async {
                job.runSynchronously(
                    isolatedTo: self.executor.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
            }
        }
    }
}

/// Threads that may block, for reading.
enum BlockingReads {
    private static let queue = DispatchQueue(label: "strata.reads", attributes: .concurrent)

    /// How many threads can make use of the machine.
    static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
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

    /// Calls a function that may block for each number below a count, on as many threads as there are processors, and
    /// waits for all of them. On a device that allows no work in the background it is one behind the other.
    static func forEach(below count: Int, on device: any Device, _ body: @Sendable (Int) -> Void) {
        guard device.allowsBackgroundWork, count > 1 else { return (0..<count).forEach(body) }
        withoutActuallyEscaping(body) { body in DispatchQueue.concurrentPerform(iterations: count, execute: body) }
    }
}
