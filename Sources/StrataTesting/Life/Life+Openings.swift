import EventSourcing
import Strata

extension Life {
    mutating func closeAndReopen() async throws {
        guard let store else { return }
        self.store = nil
        let last = try? await store.events.currentPosition()
        do {
            try await store.close()
            noteFailedSyncs()
            // A store that has stopped writing closes without promising anything.
            if let last, !mayFail { history.noteDurable(upTo: last.rawValue, at: device.calls) }
        } catch {
            try require(mayFail || device.isFilling, "closing fails without any reason: \(error)")
        }
        tally.count("closings")
        try await open(after: .processDeath)
    }

    mutating func restart(after end: History.End) async throws {
        store = nil
        tally.count(end == .lossOfPower ? "losses of power" : "deaths")
        try await open(after: end)
    }

    mutating func open() async throws {
        try await open(after: .processDeath)
    }

    /// Opens the store as the next process finds it, at several attempts where the device fails, and checks it.
    private mutating func open(after end: History.End) async throws {
        noteFailedSyncs()
        device.clearFaults()
        device.setRoom(nil)
        mayHaveLostUnsynced = hasFailedSync
        crash(end)
        if randomness.isOne(in: 4) { try await checkReadOnly(expectation()) }
        chooseDurability()
        try await failToOpen()
        if randomness.isOne(in: 5) { try await crashWhileOpening() }
        let expectation = expectation()
        let before = device.storage.contents
        let opened: StrataStore
        do { opened = try await StrataStore.open(on: device, options: options) } catch {
            throw Violation("opening fails: \(error)")
        }
        try KeptBytes.check(before: before, after: device.storage.contents)
        try await check(opened, expectation)
        store = opened
        struckBefore = device.struck.count
        hasFailedSync = false
        if mayHaveLostUnsynced { hasLostSinceBackup = true }
        tally.count("openings")
        try await retryDoubtful()
    }

    private mutating func crash(_ end: History.End) {
        device = device.afterProcessDeath()
        guard end == .lossOfPower else { return }
        device = device.after(device.storage.lossOfPower(using: &randomness))
        mayHaveLostUnsynced = true
    }

    private mutating func chooseDurability() {
        let modes: [StrataOptions.DurabilityMode] = [.commit, .commit, .commit, .none, .interval(.seconds(3_600))]
        options.durability = modes[number(0...modes.count - 1)]
        options.segmentBytes = [8, 16, 64][number(0...2)] << 10
        options.preallocatedBytes = [0, 1_000, 5_000, 20_000][number(0...3)]
    }

    /// The device fails while the store is opened, or does not.
    private mutating func failToOpen() async throws {
        while randomness.isOne(in: 4) {
            injectFault()
            let opened = try? await StrataStore.open(on: device, options: options)
            _ = consume opened
            device.clearFaults()
            noteFailedSyncs()
            if hasFailedSync { mayHaveLostUnsynced = true }
            crash(randomness.isOne(in: 2) ? .lossOfPower : .processDeath)
            tally.count("openings with a fault")
        }
    }

    private mutating func crashWhileOpening() async throws {
        device.keepImages()
        do { _ = try await StrataStore.open(on: device, options: options) } catch {
            throw Violation("opening fails: \(error)")
        }
        let images = device.images
        guard !images.isEmpty else { return device.dropImages() }
        device = device.at(images[number(0...images.count - 1)])
        crash(.lossOfPower)
        tally.count("crashes while opening")
    }

    private func expectation() -> Expectation {
        var expectation = history.expectation(
            after: mayHaveLostUnsynced ? .lossOfPower : .processDeath, knownReleases)
        expectation.versions = knownVersions
        return expectation
    }

    private func checkReadOnly(_ expectation: Expectation) async throws {
        let reader = SimulatedDevice(device.storage)
        var options = options
        options.access = .readOnly
        do {
            try RecoveryCheck.checkSoundness(of: reader)
            let store = try await StrataStore.open(on: reader, options: options)
            let (known, expectation) = try await released(in: store, expectation)
            _ = try await checkEvents(store.events.readAll().collect(), known, expectation)
        } catch let error as StrataError where error.code == .notAStore {
            try require(known.isEmpty, "the store is none any more")
        }
        try require(reader.mutatingCalls == 0, "reading only changes the store")
    }

    /// What was known is there, and what came since is what callers were told; returns what came.
    func checkEvents(
        _ found: [RecordedEvent], _ known: [RecordedEvent], _ expectation: Expectation
    ) async throws -> [RecordedEvent] {
        try require(
            found.count >= known.count && Array(found.prefix(known.count)).isSame(as: known),
            "events are gone, or changed, that were there at the last opening")
        let rest = Array(found.dropFirst(known.count))
        try expectation.check(rest)
        return rest
    }

    /// Checks a store that was just opened; from now on everything in it is durable.
    private mutating func check(_ store: StrataStore, _ expectation: Expectation) async throws {
        let lastKnown = known.last?.position ?? 0
        let (stillKnown, expectation) = try await released(in: store, expectation)
        known = stillKnown
        let rest: [RecordedEvent]
        if randomness.isOne(in: 4) {
            rest = try await checkEvents(store.events.readAll().collect(), known, expectation)
        } else {
            rest = try await store.events.readAll(after: lastKnown).collect()
            try expectation.check(rest)
        }
        let last = try await store.events.currentPosition() ?? 0
        let lastFound = max(lastKnown, rest.last?.position ?? 0)
        try require(
            expectation.releases.isEmpty ? last == lastFound : last >= lastFound, "the current position is wrong")
        doubtful = history.appends.filter { $0.isDoubtful && expectation.releases[$0.stream] == nil }
        known += rest
        try checkSeenBeside(expectation)
        knownVersions = expectation.versions
        for event in rest { knownVersions[event.stream] = event.version }
        for stream in streams {
            let status = try await store.events.status(of: stream)
            try require(status.version == knownVersions[stream] ?? 0, "a stream has another version than events")
            try expectation.check(await store.snapshots.latest(for: stream), of: stream, status)
        }
        try await noteReleases(of: store, expectation)
        history.forgetAppends()
    }

    /// Callers append again what they are in doubt about, with the same event ids.
    private mutating func retryDoubtful() async throws {
        guard let store, let append = doubtful.first, randomness.isOne(in: 2) else { return }
        let stored = known.last { $0.id == append.events[0].id }
        guard let stored else {
            let number = history.submit(append.events, to: append.stream, at: device.calls)
            let result = try await store.events.append(append.events, to: append.stream, expecting: .any)
            return history.settle(number, .success(result), at: device.calls)
        }
        let result = try await store.events.append(append.events, to: append.stream, expecting: .any)
        try require(
            result.firstPosition == stored.position, "an append that was stored already is stored again when retried")
        tally.count("retries of stored appends")
    }

    /// Closes the store, and checks it a last time.
    mutating func end() async throws {
        try await restart(after: .processDeath)
        try await closeAndReopen()
        guard let store else { return }
        let all = try await store.events.readAll().collect()
        try require(all.isSame(as: known), "reading all events shows others than reading the last ones")
        let backward = try await store.events.readAll(direction: .backward).collect()
        try require(Array(backward.reversed()).isSame(as: known), "reading backward shows other events")
        try await store.close()
        let report = try StrataStore.verify(on: SimulatedDevice(device.storage.afterTotalLoss))
        try require(report.isSound && report.tornTail == nil, "false alarm: \(report)")
    }
}

extension History.Append {
    /// Whether the caller does not know what became of it.
    fileprivate var isDoubtful: Bool {
        guard case .failure(let error) = answer else { return false }
        return error.code == .outcomeUnknown
    }
}
