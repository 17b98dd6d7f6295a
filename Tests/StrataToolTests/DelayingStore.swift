import EventSourcing
import Foundation
import Synchronization

/// A store that decides at once (or not) and answers late, later commits sometimes before earlier ones, like one that
/// waits for syncs.
final class DelayingStore: EventStore {
    private let store = InMemoryEventStore()
    private let failsAt: Int?
    private let decidesLate: Bool
    private let appends = Mutex(0)

    init(failsAt: Int? = nil, decidesLate: Bool = false) {
        self.failsAt = failsAt
        self.decidesLate = decidesLate
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        let number = appends.withLock { appends in
            appends += 1
            return appends
        }
        if let failsAt, number >= failsAt { throw EventStoreError(.storageFull, "no room") }
        if decidesLate { for _ in 0..<(number * 3 % 4) { await Task.yield() } }
        let result = try await store.append(events, to: stream, expecting: expected)
        for _ in 0..<(number * 7 % 5) { await Task.yield() }
        return result
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
    func version(of stream: StreamID) async throws(EventStoreError) -> Int { try await store.version(of: stream) }
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try await store.status(of: stream)
    }
    func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? { try await store.event(withID: id) }
    func read(_ query: FeedQuery) -> EventBatches { store.read(query) }
    func currentPosition() async throws(EventStoreError) -> Position? { try await store.currentPosition() }
    func read(_ query: CategoryQuery) -> EventBatches { store.read(query) }
}
