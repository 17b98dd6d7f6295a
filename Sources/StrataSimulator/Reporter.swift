import Foundation
import StrataTesting
import Synchronization

/// Says on standard error, now and then, how far a run is.
final class Reporter: Sendable {
    private let campaign: CampaignName
    private let start: ContinuousClock.Instant
    private let next: Mutex<ContinuousClock.Instant>

    init(campaign: CampaignName, start: ContinuousClock.Instant) {
        self.campaign = campaign
        self.start = start
        next = Mutex(start + .seconds(10))
    }

    func report(_ progress: CampaignRun.Progress) {
        let isDue = next.withLock { next in
            guard next <= .now else { return false }
            next = .now + .seconds(10)
            return true
        }
        guard isDue else { return }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        let line =
            "\(campaign.rawValue): \(progress.tally.cases) cases in \(progress.units) units, "
            + "\(progress.tally.findings.count) findings, \(seconds) s\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
