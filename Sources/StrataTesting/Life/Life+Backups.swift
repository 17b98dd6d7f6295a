import EventSourcing
import Strata

extension Life {
    /// Brings the backup up to date beside the running store, and perhaps beside a compaction; a loss of power behind it
    /// takes nothing away from it.
    mutating func backUp() async throws {
        guard let store else { return }
        // A commit says that everything before it is durable; readers beside the writer see what is.
        let lastAnswer = device.calls
        _ = try await append(count: 1)
        guard self.store === store, case .success = history.appends.last?.answer else { return }
        var expectation = history.expectation(answeredBy: lastAnswer, after: .lossOfPower, knownReleases)
        expectation.versions = knownVersions
        let compaction = randomness.isOne(in: 2) ? store.compact() : nil
        do throws(StrataError) {
            _ = try StrataStore.backup(of: device, to: backup)
            tally.count("backups")
        } catch {
            noteFailedSyncs()
            // What was in the backup was perhaps not durable yet, and the store has gone another way since.
            let hasParted = error.code == .cannotCreate && hasLostSinceBackup
            try require(mayFail || hasParted, "a backup fails without any reason: \(error)")
            tally.count(hasParted ? "backups that the store has parted from" : "failed backups")
            if hasParted { backup = SimulatedDevice(seed: randomness.next()) }
            _ = try? await compaction?.report()
            return
        }
        _ = try? await compaction?.report()
        noteFailedSyncs()
        hasLostSinceBackup = false
        try await checkBackup(expectation)
    }

    private func checkBackup(_ expectation: Expectation) async throws {
        let copy = SimulatedDevice(backup.storage.afterTotalLoss)
        var options = options
        options.access = .readOnly
        do {
            try RecoveryCheck.checkSoundness(of: copy)
            let store = try await StrataStore.open(on: copy, options: options)
            let (known, expectation) = try await released(in: store, expectation)
            _ = try await checkEvents(store.events.readAll().collect(), known, expectation)
            for stream in streams {
                let status = try await store.events.status(of: stream)
                try expectation.check(await store.snapshots.latest(for: stream), of: stream, status)
            }
        } catch {
            throw Violation("in the backup: \(error)")
        }
    }
}
