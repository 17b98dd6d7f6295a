/// The campaigns that there are: one for each thing that can happen to a store.
package enum CampaignName: String, CaseIterable, Sendable {
    /// The power goes, or the process dies, behind any call of the device.
    case crashes
    /// The power goes again while the store recovers.
    case secondCrashes = "second-crashes"
    /// Bits, bytes and sectors change at rest, or the end of a file is gone.
    case bitRot = "bit-rot"
    /// Frames and files are exchanged, doubled, missing, or from a backup or another store.
    case exchanges
    /// Any call of the device fails, once or from then on.
    case deviceErrors = "device-errors"
    /// Writes take fewer bytes than they were given.
    case shortWrites = "short-writes"
    /// A sync fails, and the next one succeeds although the pages are gone.
    case failedSyncs = "failed-syncs"
    /// Writes are lost, misdirected or stale, or a failed sync is reported too late.
    case lies
    /// A compaction and callers take turns in the middle of each other, with crashes and failing calls.
    case interleavings
    /// Nothing happens: stores that were closed, and no alarm.
    case clean
    /// Long lives with everything of it at random.
    case lives
}

extension CampaignName {
    /// Prepares the campaign.
    ///
    /// - Throws: ``Violation`` where a workload fails without any fault.
    package func campaign(seed: UInt64, _ scale: CampaignScale) async throws -> any Campaign {
        switch self {
        case .crashes: CrashCampaign(seed: seed, scale)
        case .secondCrashes: SecondCrashCampaign(seed: seed, scale)
        case .bitRot: try await BitRotCampaign(seed: seed)
        case .exchanges: try await ExchangeCampaign(seed: seed)
        case .deviceErrors: try await FaultCampaign(.errors, seed: seed)
        case .shortWrites: try await FaultCampaign(.shortWrites, seed: seed)
        case .failedSyncs: try await FailedSyncCampaign(seed: seed)
        case .lies: try await LieCampaign(seed: seed)
        case .interleavings: InterleavingCampaign(seed: seed)
        case .clean: CleanCampaign(seed: seed)
        case .lives: LifeCampaign(seed: seed)
        }
    }

    /// How many cases a run of the campaign checks where nothing else is said; nil for all that there are.
    package func cases(_ scale: CampaignScale) -> Int? {
        switch (self, scale) {
        case (.crashes, .short): 10_000
        case (.crashes, .long): 1_000_000
        case (.secondCrashes, .short): 1_000
        case (.secondCrashes, .long): 100_000
        case (.bitRot, .short): 36_000
        case (.deviceErrors, .short): 2_000
        case (.shortWrites, .short): 500
        case (.failedSyncs, .short): 500
        case (.lies, .short): 500
        case (.interleavings, .short): 4_000
        case (.interleavings, .long): 200_000
        case (.clean, .short): 500
        case (.clean, .long): 20_000
        case (.lives, .short): 50
        case (.lives, .long): 10_000
        case (.exchanges, .short), (.bitRot, .long), (.exchanges, .long), (.deviceErrors, .long),
            (.shortWrites, .long), (.failedSyncs, .long), (.lies, .long):
            nil
        }
    }
}
