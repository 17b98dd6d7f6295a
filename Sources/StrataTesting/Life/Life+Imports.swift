import EventSourcing
import Strata

extension Life {
    /// Takes over commits of another store, some of them to the same stream.
    mutating func importEvents() async throws {
        guard let store else { return }
        var versions: [StreamID: Int] = [:]
        var commits: [(number: Int, commit: ImportedCommit)] = []
        for _ in 0..<number(1...12) {
            let stream = anyStream()
            guard !mayBeTombstoned(stream) else { continue }
            if versions[stream] == nil { versions[stream] = try? await store.events.version(of: stream) }
            guard let version = versions[stream] else { continue }
            let events = newEvents()
            versions[stream] = version + events.count
            let commit = ImportedCommit(events, to: stream, firstVersion: version + 1, storedAt: device.now())
            commits.append((history.submit(events, to: stream, at: device.calls), commit))
        }
        do {
            try await store.events.importChanges(commits.map { .commit($0.commit) })
            tally.count("imported commits", commits.count)
        } catch {
            try await noteFailedImport(commits.map(\.number), error)
            return
        }
        noteFailedSyncs()
        for (number, commit) in commits { try await settle(number, commit, in: store) }
    }

    /// Those before the one that failed may be stored.
    private mutating func noteFailedImport(_ numbers: [Int], _ error: EventStoreError) async throws {
        let isUnknown = EventStoreError(.outcomeUnknown, "the import failed", cause: error)
        for number in numbers { history.settle(number, .failure(isUnknown), at: device.calls) }
        tally.count("failed imports")
        noteFailedSyncs()
        try require(mayFail || device.isFilling, "an import fails without any reason: \(error)")
        guard error.code == .storageFull else { return try await restart(after: .processDeath) }
        if randomness.isOne(in: 3) { device.setRoom(nil) }
    }

    /// An import does not say where its events are, but the store does.
    private func settle(_ number: Int, _ commit: ImportedCommit, in store: StrataStore) async throws {
        let answer: Result<AppendResult, EventStoreError>
        do {
            let found = try await store.events.event(withID: commit.events[commit.events.count - 1].id)
            guard let last = found else { throw Violation("an imported event is not there") }
            answer = .success(
                AppendResult(
                    version: last.version, firstPosition: Position(last.position.rawValue - commit.events.count + 1),
                    lastPosition: last.position, durability: options.durability == .commit ? .synced : .written))
        } catch let error as EventStoreError {
            try require(mayFail, "looking up an imported event fails: \(error)")
            answer = .failure(EventStoreError(.outcomeUnknown, "an imported event cannot be looked up", cause: error))
        }
        history.settle(number, answer, at: device.calls)
    }
}
