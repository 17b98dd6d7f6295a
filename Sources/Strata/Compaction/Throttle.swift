import Glibc

/// Holds a job to so many bytes a second, on a thread that may block.
struct Throttle {
    private static let longestPause = Duration.milliseconds(50)
    private let bytesPerSecond: Int?
    /// When the first bytes were to be moved: no time before that counts.
    private var start: ContinuousClock.Instant?
    private var bytes = 0

    init(bytesPerSecond: Int?) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// Waits until so many more bytes may be moved. Ends early where `isCancelled` says so.
    mutating func wait(for count: Int, isCancelled: () -> Bool) {
        guard let bytesPerSecond else { return }
        bytes += count
        let start = start ?? .now
        self.start = start
        let due = start + .seconds(Double(bytes) / Double(bytesPerSecond))
        while !isCancelled() {
            let rest = due - ContinuousClock.now
            guard rest > .zero else { return }
            let pause = min(rest, Self.longestPause)
            usleep(UInt32(pause.components.attoseconds / 1_000_000_000_000))
        }
    }
}
