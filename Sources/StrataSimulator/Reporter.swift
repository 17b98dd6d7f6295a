import Foundation
import StrataTesting
import Synchronization

/// Says on standard output what a run has found, at once, and on standard error, now and then, how far it is.
final class Reporter: Sendable {
    private struct State {
        var next: ContinuousClock.Instant
        var reportedFindings = 0
    }

    private let name: String
    private let start: ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Parameter name: the campaign as a command names it.
    init(name: String, start: ContinuousClock.Instant) {
        self.name = name
        self.start = start
        state = Mutex(State(next: start + .seconds(10)))
    }

    func report(_ progress: CampaignRun.Progress) {
        let findings = progress.tally.findings
        let (new, isDue) = state.withLock { state in
            let new = findings[min(state.reportedFindings, findings.count)...]
            state.reportedFindings = max(state.reportedFindings, findings.count)
            guard state.next <= .now else { return (new, false) }
            state.next = .now + .seconds(10)
            return (new, true)
        }
        for finding in new {
            write(
                "FINDING: \(finding.violation)\n"
                    + "  replay: Scripts/simulate \(name) --seed \(finding.seed) --unit \(finding.unit)\n",
                to: .standardOutput)
        }
        guard isDue else { return }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        write(
            "\(name): \(progress.tally.cases) cases in \(progress.units) units, \(findings.count) findings, "
                + "\(seconds) s\n", to: .standardError)
    }

    private func write(_ text: String, to file: FileHandle) {
        file.write(Data(text.utf8))
    }
}
