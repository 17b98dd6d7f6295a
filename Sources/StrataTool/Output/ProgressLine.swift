import Synchronization

/// How far long work is, on one line of a terminal that is rewritten: amount, rate, time left.
///
/// Silent where standard error is no terminal, or where results scroll by on standard output.
final class ProgressLine: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant
        var isVisible = false
    }

    private static let interval = Duration.milliseconds(100)
    private static let clearLine = "\r\u{1B}[K"

    private let isEnabled: Bool
    private let start = ContinuousClock.now
    private let describe: @Sendable (Int) -> String
    private let state: Mutex<State>

    /// - Parameter describe: an amount of work for people, such as `1,204 events`.
    init(
        isEnabled: Bool = StandardError.isTerminal && !StandardOutput.isTerminal,
        describe: @escaping @Sendable (Int) -> String
    ) {
        self.isEnabled = isEnabled
        self.describe = describe
        state = Mutex(State(lastShown: start))
    }

    /// Shows the amount done, if the last time is long enough ago.
    func update(_ done: Int, of total: Int?) {
        guard isEnabled else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            guard now - state.lastShown >= Self.interval else { return }
            state.lastShown = now
            state.isVisible = true
            StandardError.write(Self.clearLine + text(done, of: total, after: now - start))
        }
    }

    /// Takes the line away.
    func finish() {
        state.withLock { state in
            if state.isVisible { StandardError.write(Self.clearLine) }
            state.isVisible = false
        }
    }

    func text(_ done: Int, of total: Int?, after elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var text = "\(describe(done)), \(describe(Self.whole(rate))) a second"
        if let total, total > 0, rate > 0 {
            let left = Self.whole((Double(max(0, total - done)) / rate).rounded(.up))
            let time = left >= 60 ? "\(left / 60) min \(left % 60) s" : "\(left) s"
            let percent = total.dividingFullWidth(min(done, total).multipliedFullWidth(by: 100)).quotient
            text += ", \(percent) %, \(time) left"
        }
        return text
    }

    /// A number without its fraction; amounts that a store claims can make it larger than one that has none can be.
    private static func whole(_ number: Double) -> Int {
        number < Double(Int.max) ? Int(number) : .max
    }
}
