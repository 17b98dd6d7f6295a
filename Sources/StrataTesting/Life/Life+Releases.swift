import EventSourcing
import Strata

extension Life {
    /// Whether a stream may give up events since the store was opened.
    func isReleasing(_ stream: StreamID) -> Bool {
        history.releases.contains { $0.stream == stream }
    }

    func mayBeTombstoned(_ stream: StreamID) -> Bool {
        knownReleases[stream]?.status.isTombstoned ?? false
            || history.releases.contains { $0.stream == stream && $0.release == .deletion(.tombstone) }
    }

    mutating func truncate() async throws {
        let stream = anyStream()
        guard let store, let version = try? await store.events.version(of: stream), version > 0 else { return }
        let snapshot = try? await store.snapshots.latest(for: stream)
        // Most callers release what they have a snapshot of.
        let before =
            if let snapshot, !randomness.isOne(in: 3) { snapshot.version } else {
                version + 1 - number(0...min(version, 40))
            }
        try await release(.truncation(before: before), of: stream) { () async throws(EventStoreError) in
            try await store.events.truncate(stream, before: before, expecting: .any)
        }
    }

    mutating func delete() async throws {
        let stream = anyStream()
        let mode: DeletionMode = randomness.isOne(in: 10) ? .tombstone : .soft
        guard let store else { return }
        try await release(.deletion(mode), of: stream) { () async throws(EventStoreError) in
            try await store.events.delete(stream, mode: mode, expecting: .any)
        }
    }

    private mutating func release(
        _ release: StreamRelease, of stream: StreamID,
        _ body: () async throws(EventStoreError) -> DeletionResult
    ) async throws {
        let snapshot = try? await store?.snapshots.latest(for: stream)
        let number = history.submit(release, of: stream, having: snapshot?.version, at: device.calls)
        tally.count("releases")
        do throws(EventStoreError) {
            history.settleRelease(number, .success(try await body()), at: device.calls)
        } catch {
            history.settleRelease(number, .failure(error), at: device.calls)
            if error.code == .streamDeleted, mayBeTombstoned(stream) { return }
            try require(mayFail || device.isFilling, "a release fails without any reason: \(error)")
            if error.code != .storageFull { try await restart(after: .processDeath) }
        }
    }

    mutating func compact() async throws {
        guard let store else { return }
        let options = CompactionOptions(
            compression: randomness.isOne(in: 4) ? .none : .lz4,
            targetSegmentBytes: randomness.isOne(in: 2) ? 64 << 10 : 1 << 20)
        let wasFilling = device.isFilling
        let compaction = store.compact(options)
        if randomness.isOne(in: 2) {
            if takesTurns { try await actBeside() } else { try await appendAndSaveSnapshots() }
        }
        do throws(StrataError) {
            _ = try await compaction.report()
            tally.count("compactions")
        } catch {
            // Its process may have ended beside it.
            try require(
                mayFail || wasFilling || self.store !== store,
                "a compaction fails without any reason: \(error)")
        }
    }

    /// Callers do whatever they like.
    private mutating func actBeside() async throws {
        for _ in 0..<number(1...4) {
            switch number(0...7) {
            case 0: _ = try await append(count: 8)
            case 1: try await truncate()
            case 2: try await delete()
            case 3: try await importEvents()
            case 4: await deleteSnapshot()
            case 5: try await lookUp()
            case 6: try await readStream()
            default: try await appendAndSaveSnapshots()
            }
        }
    }

    /// Streams go on, with snapshots of what is not durable yet.
    private mutating func appendAndSaveSnapshots() async throws {
        for _ in 0..<number(1...6) {
            let stream = anyStream()
            _ = try await append(count: 1, to: stream)
            await saveSnapshot(of: stream)
        }
    }

    /// Takes from a store where its streams begin, which must be within what callers were told.
    ///
    /// - Returns: what was known and is not released, and the expectation with what the streams say.
    func released(
        in store: StrataStore, _ expectation: Expectation
    ) async throws -> (known: [RecordedEvent], expectation: Expectation) {
        var expectation = expectation
        for (stream, bounds) in expectation.releases {
            let status = try await store.events.status(of: stream)
            try bounds.check(status)
            expectation.firstVersions[stream] = status.firstVersion
            expectation.versions[stream] = max(expectation.versions[stream] ?? 0, status.firstVersion - 1)
        }
        let first = expectation.firstVersions
        return (known.filter { first[$0.stream] ?? 1 <= $0.version }, expectation)
    }

    /// From now on the store's word is what streams have released.
    mutating func noteReleases(of store: StrataStore, _ expectation: Expectation) async throws {
        for (stream, bounds) in expectation.releases {
            let status = try await store.events.status(of: stream)
            let isKept = bounds.needsSnapshot(status)
            if isKept { tally.count("snapshots of released events") }
            knownReleases[stream] = History.KnownRelease(
                status: status, snapshotKeptSince: isKept ? device.calls : nil)
        }
    }
}
