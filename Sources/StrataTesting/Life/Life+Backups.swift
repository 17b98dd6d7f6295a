import EventSourcing
import FoundationEssentials
import Strata

extension Life {
    /// Brings the backup up to date beside the running store, and perhaps beside a compaction; a loss of power behind it
    /// takes nothing away from it.
    mutating func backUp() async throws {
        guard let store, let (expectation, _) = try await expectationBeside() else { return }
        let compaction = randomness.isOne(in: 2) ? store.compact() : nil
        do throws(StrataError) {
            _ = try StrataStore.backup(of: randomness.isOne(in: 2) ? device : deviceBeside, to: backup)
            tally.count("backups")
        } catch {
            noteFailedSyncs()
            // What was in the backup was perhaps not durable yet, and the store has gone another way since.
            let hasParted = error.code == .cannotCreate && hasLostSinceBackup
            try require(mayFail || hasParted, "a backup fails without any reason: \(error)")
            tally.count(hasParted ? "backups that the store has parted from" : "failed backups")
            if hasParted { makeNewBackup() }
            _ = try? await compaction?.report()
            return
        }
        _ = try? await compaction?.report()
        noteFailedSyncs()
        hasLostSinceBackup = false
        try await checkBackup(expectation)
    }

    /// What whoever does not write must see of the store, and so many appends that are about to be made; nil where the writer
    /// has come to its end.
    private mutating func expectationBeside(
        appending count: Int = 0
    ) async throws -> (expectation: Expectation, submitted: [SubmittedAppend])? {
        guard let store else { return nil }
        // A commit says that everything before it is durable, and that is what is seen.
        let lastAnswer = device.calls
        _ = try await append(count: 1)
        guard self.store === store, case .success = history.appends.last?.answer else { return nil }
        let submitted = submit(count)
        var expectation = history.expectation(answeredBy: lastAnswer, after: .lossOfPower, knownReleases)
        expectation.versions = knownVersions
        return (expectation, submitted)
    }

    private mutating func checkBackup(_ expectation: Expectation) async throws {
        let copy = SimulatedDevice(backup.storage.afterTotalLoss)
        do {
            try RecoveryCheck.checkSoundness(of: copy)
            let events = try await checkReading(copy, expectation)
            if randomness.isOne(in: 8) { try await restore(copy, events) }
        } catch {
            throw Violation("in the backup: \(error)")
        }
    }

    /// A store that is made of the backup has the same events, and goes on.
    private mutating func restore(_ copy: SimulatedDevice, _ events: [RecordedEvent]) async throws {
        let restored = SimulatedDevice(seed: randomness.next())
        _ = try StrataStore.restore(copy, to: restored)
        let store = try await StrataStore.open(on: SimulatedDevice(restored.storage.afterTotalLoss), options: options)
        try require(try await store.events.readAll().collect().isSame(as: events), "a restored store has other events")
        _ = try await store.events.append(
            [NewEvent.sample(payloadBytes: 10, using: &randomness)],
            to: StreamID("Order", UUID(using: &randomness)), expecting: .noStream)
        try await store.close()
        tally.count("restorations")
    }

    /// Opens the store for reading beside the writer, as another process does, and perhaps beside appends and a compaction.
    /// What that shows is durable, unless the writer acknowledges before it syncs.
    mutating func readBeside() async throws {
        let count = takesTurns ? number(0...6) : 0
        guard let (expectation, submitted) = try await expectationBeside(appending: count), let store else { return }
        let compaction = takesTurns && randomness.isOne(in: 2) ? store.compact() : nil
        let seen: Result<[RecordedEvent], any Error> = await withTaskGroup { group in
            start(submitted, in: store, &group)
            do {
                if takesTurns, !mayFail { try RecoveryCheck.checkSoundness(of: deviceBeside) }
                return .success(try await checkReading(deviceBeside, expectation))
            } catch {
                return .failure(error)
            }
        }
        switch seen {
        case .success(let seen):
            if options.durability == .commit { seenBeside = seen }
            tally.count("readings beside the writer")
        case .failure(let error):
            try require(mayFail && !(error is Violation), "beside the writer: \(error)")
        }
        _ = try? await compaction?.report()
        try await notice(submitted.map(\.number))
    }

    /// Checks what opening for reading shows.
    private func checkReading(_ device: any Device, _ expectation: Expectation) async throws -> [RecordedEvent] {
        var options = options
        options.access = .readOnly
        let store = try await StrataStore.open(on: device, options: options)
        let (known, expectation) = try await released(in: store, expectation)
        let events = try await store.events.readAll().collect()
        _ = try await checkEvents(events, known, expectation)
        _ = try await store.statistics()
        if takesTurns, !mayFail {
            let report = try await store.scrub().report()
            try require(report.isSound, "a scrub finds \(report.damage + report.damagedSnapshots)")
        }
        for stream in streams {
            let status = try await store.events.status(of: stream)
            try expectation.check(await store.snapshots.latest(for: stream), of: stream, status)
        }
        try await store.close()
        return events
    }

    /// What was seen beside the writer is there after its end, unless it was released.
    mutating func checkSeenBeside(_ expectation: Expectation) throws {
        let positions = Dictionary(uniqueKeysWithValues: known.map { ($0.position, $0) })
        for event in seenBeside where expectation.firstVersions[event.stream] ?? 1 <= event.version {
            try require(
                positions[event.position]?.isSame(as: event) ?? false,
                "position \(event.position), which was seen beside the writer, is gone")
        }
        seenBeside = []
    }
}
