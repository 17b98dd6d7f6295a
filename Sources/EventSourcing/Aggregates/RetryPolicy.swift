/// How often, and after which delays, a command is run again after a conflict.
///
/// The delay before the n-th repetition is drawn evenly between zero and `firstDelay` doubled n - 1 times, at most
/// `longestDelay`, so that competitors do not meet again.
public struct RetryPolicy: Sendable {
    /// How often the command runs at most, 1 or more; 1 is without repetition.
    public let attempts: Int
    /// The longest delay before the first repetition.
    public let firstDelay: Duration
    /// The longest delay before any repetition.
    public let longestDelay: Duration
    private let jitter: @Sendable () -> Double
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - attempts: how often the command runs at most, 1 or more.
    ///   - firstDelay: the longest delay before the first repetition.
    ///   - longestDelay: the longest delay before any repetition.
    ///   - jitter: draws a number from 0 to 1.
    ///   - sleep: waits, and throws when the task is cancelled.
    public init(
        attempts: Int = 10, firstDelay: Duration = .milliseconds(2), longestDelay: Duration = .milliseconds(250),
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        precondition(attempts >= 1, "a command runs at least once")
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.jitter = jitter
        self.sleep = sleep
    }

    /// Waits before the n-th repetition.
    func wait(beforeRepetition number: Int) async throws {
        let ceiling = min(longestDelay, firstDelay * (1 << min(number - 1, 20)))
        try await sleep(ceiling * jitter())
    }
}
