import EventSourcing
import FoundationEssentials
import Synchronization

/// A store whose imports and feed go through a test's hands.
final class InterposedStore: CopyableEventStore {
    /// What is imported of some changes, and what fails then.
    typealias Interposition =
        @Sendable ([ImportedChange]) async -> (changes: [ImportedChange], failure: EventStoreError?)

    private let store: any CopyableEventStore
    private let interpose: Interposition
    private let alter: @Sendable ([RecordedEvent]) -> [RecordedEvent]

    init(_ store: any CopyableEventStore, _ interpose: @escaping Interposition) {
        self.store = store
        self.interpose = interpose
        alter = { $0 }
    }

    /// A store whose feed reads altered.
    init(_ store: any CopyableEventStore, feed alter: @escaping @Sendable ([RecordedEvent]) -> [RecordedEvent]) {
        self.store = store
        interpose = { ($0, nil) }
        self.alter = alter
    }

    /// A store that fails as its process would end: behind so many changes.
    static func failing(_ store: any CopyableEventStore, after changes: Int) -> InterposedStore {
        let left = Mutex(changes)
        return InterposedStore(store) { changes in
            let allowed = left.withLock { left in
                let allowed = min(left, changes.count)
                left -= allowed
                return allowed
            }
            let failure = allowed < changes.count ? EventStoreError(.outcomeUnknown, "the store has gone") : nil
            return (Array(changes.prefix(allowed)), failure)
        }
    }

    func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        let (changes, failure) = await interpose(changes)
        try await store.importChanges(changes)
        if let failure { throw failure }
    }

    func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        try await store.releasedStreams()
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try await store.append(events, to: stream, expecting: expected)
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
    func read(_ query: FeedQuery) -> EventBatches {
        EventBatches { [store, alter] in
            var iterator = store.read(query).makeAsyncIterator()
            return { () throws(EventStoreError) in try await iterator.next().map(alter) }
        }
    }
    func read(_ query: CategoryQuery) -> EventBatches { store.read(query) }
    func version(of stream: StreamID) async throws(EventStoreError) -> Int { try await store.version(of: stream) }
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try await store.status(of: stream)
    }
    func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? { try await store.event(withID: id) }
    func currentPosition() async throws(EventStoreError) -> Position? { try await store.currentPosition() }
}
