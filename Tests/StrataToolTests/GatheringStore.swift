import EventSourcing
import Foundation
import Synchronization

/// A store that answers once so many appends wait together: without as many in flight, a run never ends.
final class GatheringStore: EventStore {
    private struct State {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var inFlight = 0
        var mostInFlight = 0
    }

    private let store = InMemoryEventStore()
    private let size: Int
    private let state = Mutex(State())

    var mostInFlight: Int { state.withLock(\.mostInFlight) }

    init(gathering size: Int) {
        self.size = size
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        let result = try await store.append(events, to: stream, expecting: expected)
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                state.inFlight += 1
                state.mostInFlight = max(state.mostInFlight, state.inFlight)
                state.waiting.append(continuation)
                guard state.waiting.count == size else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in ready { continuation.resume() }
        }
        state.withLock { $0.inFlight -= 1 }
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
