import EventCopying
import Synchronization

/// How far a copy is, on one line of a terminal.
final class CopyProgressLine: Sendable {
    private let current = Mutex<(phase: CopyProgress.Phase, line: ProgressLine)?>(nil)
    private let hasCaughtUp = Mutex(false)

    func update(_ progress: CopyProgress) {
        let line = current.withLock { current in
            if let current, current.phase == progress.phase { return current.line }
            current?.line.finish()
            let what = Self.describe(progress.phase)
            let line = ProgressLine(isEnabled: StandardError.isTerminal) { "\($0.grouped) \(what)" }
            current = (progress.phase, line)
            return line
        }
        if progress.phase == .following {
            sayOnce(progress.events)
        } else {
            line.update(progress.events, of: progress.total)
        }
    }

    func finish() {
        current.withLock { $0?.line.finish() }
    }

    private func sayOnce(_ events: Int) {
        let isFirst = hasCaughtUp.withLock { hasCaughtUp in
            defer { hasCaughtUp = true }
            return !hasCaughtUp
        }
        guard isFirst else { return }
        StandardError.write("strata: caught up after \(events.grouped) events; following until SIGINT or SIGTERM\n")
    }

    private static func describe(_ phase: CopyProgress.Phase) -> String {
        switch phase {
        case .copying, .following: "events"
        case .verifyingSource: "events read again of the source"
        case .verifyingDestination: "events read again of the destination"
        }
    }
}
