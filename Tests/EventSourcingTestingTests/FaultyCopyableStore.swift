import EventSourcing
import FoundationEssentials
import Synchronization

/// A store that is right but for what it takes over from others.
final class FaultyCopyableStore: CopyableEventStore {
    private let store = InMemoryEventStore()
    private let fault: CopyableStoreFault?
    /// Times that the feed is to show in place of its own.
    private let shownTimes = Mutex<[UUID: Timestamp]>([:])

    init(_ fault: CopyableStoreFault? = nil) {
        self.fault = fault
    }

    func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        if fault == .countsAnImportOfNothing, changes.isEmpty { try await append() }
        var refusal: EventStoreError?
        for change in fault == .reversesChanges ? changes.reversed() : changes {
            do throws(EventStoreError) {
                switch change {
                case .commit(let commit): try await take(commit)
                case .release(let status, let stream): try await take(status, of: stream)
                }
            } catch {
                guard fault == .goesOnBehindARefusal else { throw error }
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
    }

    private func take(_ commit: ImportedCommit) async throws(EventStoreError) {
        var events = commit.events
        switch fault {
        case .altersPayloads:
            events = events.map { NewEvent(id: $0.id, type: $0.type, occurredAt: $0.occurredAt, payload: Bytes("0")) }
        case .altersIDs: events = events.map(\.withAnotherID)
        case .makesIDsAnew:
            for (place, event) in events.enumerated() where try await store.containsEvent(withID: event.id) {
                events[place] = event.withAnotherID
            }
        case .ignoresLimits where !EventLimits.isValidAggregateType(commit.stream.aggregateType):
            return try await append()
        case .keepsTimesThatGoBack:
            shownTimes.withLock { times in for event in events { times[event.id] = commit.storedAt } }
        case .revivesTombstones where try await store.status(of: commit.stream).isTombstoned: return
        default: break
        }
        var first = commit.firstVersion
        if fault == .appendsAnywhere { first = try await store.version(of: commit.stream) + 1 }
        let size = fault == .splitsCommits ? 1 : events.count
        for start in stride(from: 0, to: events.count, by: size) {
            try await store.importChanges([
                .commit(
                    ImportedCommit(
                        Array(events[start..<start + size]), to: commit.stream, firstVersion: first + start,
                        storedAt: time(commit.storedAt)))
            ])
        }
    }

    private func time(_ storedAt: Timestamp) -> Timestamp {
        switch fault {
        case .stampsNow: .now()
        case .keepsMilliseconds:
            Timestamp(
                seconds: storedAt.seconds, nanoseconds: storedAt.nanoseconds / 1_000_000 * 1_000_000) ?? storedAt
        default: storedAt
        }
    }

    private func take(_ source: StreamStatus, of stream: StreamID) async throws(EventStoreError) {
        let status = try await store.status(of: stream)
        var (firstVersion, isTruncated) = (source.firstVersion, source.isTruncated)
        switch fault {
        case .ignoresReleases: return
        case .ignoresReleasesBeforeCommits where status.version == 0 && !source.isTombstoned: return
        case .ignoresTombstones where source.isTombstoned: return
        case .forgetsTruncations: isTruncated = false
        case .truncatesAlways: isTruncated = !source.isTombstoned
        case .releasesOnlyWhatIsThere: firstVersion = min(firstVersion, status.version + 1)
        case .endsStreamsTooLate where source.isTombstoned: firstVersion += 1
        case .takesReleasesBack where firstVersion < status.firstVersion:
            try await store.delete(stream, mode: .soft, expecting: .any)
            return
        case .stampsReleasesNow: try await append()
        default: break
        }
        try await store.importChanges([
            .release(
                StreamStatus(
                    version: firstVersion - 1, firstVersion: firstVersion, isTruncated: isTruncated,
                    isTombstoned: source.isTombstoned), of: stream)
        ])
    }

    /// Stores an event that nobody asked for, now.
    private func append() async throws(EventStoreError) {
        let event = NewEvent(type: "A", payload: Bytes("0"))
        _ = try await store.append([event], to: StreamID("A", UUID()), expecting: .any)
    }

    func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        let released = try await store.releasedStreams()
        switch fault {
        case .namesNoStreams: return [:]
        case .namesWrongStatuses: return released.mapValues { StreamStatus(version: $0.version, firstVersion: 1) }
        case .namesAllStreams:
            var all = released
            for stream in Set(try await store.readAll().collect().map(\.stream)) {
                all[stream] = try await store.status(of: stream)
            }
            return all
        default: return released
        }
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        if fault == .refusesLaterAppends, case .exactly = expected {
            throw .conflict(in: stream, expected: expected, actual: 0)
        }
        return try await store.append(events, to: stream, expecting: expected)
    }

    func read(_ query: FeedQuery) -> EventBatches {
        let times = shownTimes.withLock { $0 }
        guard !times.isEmpty else { return store.read(query) }
        return EventBatches { [store] in
            var iterator = store.read(query).makeAsyncIterator()
            return { () throws(EventStoreError) in
                try await iterator.next()?.map { event in
                    RecordedEvent(
                        NewEvent(event), stream: event.stream, version: event.version, position: event.position,
                        storedAt: times[event.id] ?? event.storedAt)
                }
            }
        }
    }

    func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await store.truncate(stream, before: version, expecting: expected)
    }

    func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await store.delete(stream, mode: mode, expecting: expected)
    }

    func read(_ query: StreamQuery) -> EventBatches { store.read(query) }
    func read(_ query: CategoryQuery) -> EventBatches { store.read(query) }
    func version(of stream: StreamID) async throws(EventStoreError) -> Int { try await store.version(of: stream) }
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try await store.status(of: stream)
    }
    func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? { try await store.event(withID: id) }
    func currentPosition() async throws(EventStoreError) -> Position? { try await store.currentPosition() }
}

extension NewEvent {
    fileprivate var withAnotherID: NewEvent {
        NewEvent(
            id: UUID(), type: type, schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType,
            payload: payload, metadata: metadata)
    }
}
