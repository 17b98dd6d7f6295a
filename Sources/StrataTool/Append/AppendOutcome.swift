import EventInterchange
import EventSourcing

/// What became of one line.
struct AppendOutcome: Sendable {
    enum Result: Sendable {
        /// The store took the commit, or gave the result of an earlier append of the same events.
        case appended(Commit, AppendResult)
        /// The store did not take the commit.
        case refused(Commit, EventStoreError)
        /// The line is no commit.
        case invalid(InterchangeError)
    }

    /// The line's number.
    let line: Int
    let result: Result
}
