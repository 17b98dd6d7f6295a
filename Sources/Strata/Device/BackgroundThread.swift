import DequeModule
import Dispatch
import Glibc
import Synchronization

/// A thread of its own for long jobs, which gives way to everything else in the process: whoever appends or reads beside a
/// job gets the processor at once.
///
/// It is started by the first job, and ends with this object, behind the last one.
final class BackgroundThread: Sendable {
    /// The least that is not nothing: of a processor that is never idle it gets a sixtieth, so that a lock which it holds is
    /// given back. The idle class of the system promises less.
    private static let niceness: Int32 = 19

    /// What the thread and those who give it work share.
    private final class Work: Sendable {
        private let jobs = Mutex<Deque<@Sendable () -> Void>>([])
        private let count = DispatchSemaphore(value: 0)

        func add(_ job: @escaping @Sendable () -> Void) {
            jobs.withLock { $0.append(job) }
            count.signal()
        }

        /// Has the thread end, behind all jobs.
        func finish() {
            count.signal()
        }

        func run() {
            // Of the calling thread alone, on Linux; where that is refused, the job is as important as all others.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, BackgroundThread.niceness)
            while true {
                count.wait()
                guard let job = jobs.withLock({ $0.popFirst() }) else { return }
                job()
            }
        }
    }

    /// How long a job goes on before whoever waits for the processor gets it. Being less important is not enough: the
    /// system lets a thread finish its slice of some milliseconds.
    struct Turn {
        private static let bytes = 16 << 10
        private var next = bytes

        /// Says how far in a segment the job is.
        mutating func reach(_ offset: Int) {
            guard offset >= next else { return }
            next = offset + Self.bytes
            sched_yield()
        }
    }

    private let work = Work()
    private let isStarted = Mutex(false)

    deinit {
        work.finish()
    }

    /// Runs a job behind those before it.
    func async(_ job: @escaping @Sendable () -> Void) {
        isStarted.withLock { isStarted in
            if !isStarted { isStarted = start() }
            // Without a thread of its own it takes any: the job has to be done.
            if isStarted { work.add(job) } else { DispatchQueue.global(qos: .background).async(execute: job) }
        }
    }

    private func start() -> Bool {
        let argument = Unmanaged.passRetained(work)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        // Safe: the argument is retained for the thread, which releases it at its end.
        let failure = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if failure != 0 { argument.release() }
        return failure == 0
    }
}
