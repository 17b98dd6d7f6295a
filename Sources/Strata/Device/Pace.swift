import Glibc
import Synchronization

/// How fast a job may read, and whether it is to go on.
///
/// A read may begin once the bytes before it have had their time, so that no moment of rest is made up for later.
final class Pace: Sendable {
    /// The longest pause that a cancellation has to wait for.
    private static let longestSleep = Duration.milliseconds(50)

    private let bytesPerSecond: Int?
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) -> Void
    private let mustStop: @Sendable () -> Bool
    private let nextRead: Mutex<Duration>
    private let isStopped = Mutex(false)

    /// - Parameters:
    ///   - bytesPerSecond: nil for as fast as the device gives.
    ///   - now: a clock that never goes back.
    ///   - sleep: waits on the thread.
    ///   - mustStop: whether there is another reason to stop.
    init(
        bytesPerSecond: Int?, now: @escaping @Sendable () -> Duration = Pace.now,
        sleep: @escaping @Sendable (Duration) -> Void = Pace.sleep,
        mustStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.bytesPerSecond = bytesPerSecond
        self.now = now
        self.sleep = sleep
        self.mustStop = mustStop
        nextRead = Mutex(now())
    }

    /// Has the reads that come later fail.
    func stop() {
        isStopped.withLock { $0 = true }
    }

    /// Waits until the next read may begin.
    ///
    /// - Throws: `ECANCELED` once the job is to stop.
    func waitForTurn() throws(SystemError) {
        while true {
            guard !isStopped.withLock({ $0 }), !mustStop() else { throw SystemError(number: ECANCELED, call: "read") }
            let rest = nextRead.withLock { $0 } - now()
            guard rest > .zero else { return }
            sleep(min(rest, Self.longestSleep))
        }
    }

    /// Gives bytes that were read their time.
    func add(bytes: Int) {
        guard let bytesPerSecond else { return }
        let cost = Duration.seconds(1) * Double(bytes) / Double(bytesPerSecond)
        nextRead.withLock { $0 = max($0, now()) + cost }
    }

    private static func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static func sleep(_ duration: Duration) {
        usleep(useconds_t(duration / .microseconds(1)))
    }
}
