public import EventSourcing
public import FoundationEssentials

/// The events of a store.
public final class StrataEventStore: EventStore {
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        throw EventStoreError(.closed, "not implemented yet")
    }

    public func read(_ query: StreamQuery) -> EventBatches { EventBatches([]) }
    public func version(of stream: StreamID) async throws(EventStoreError) -> Int { 0 }
    public func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? { nil }
    public func read(_ query: FeedQuery) -> EventBatches { EventBatches([]) }
    public func currentPosition() async throws(EventStoreError) -> Position? { nil }
    public func read(_ query: CategoryQuery) -> EventBatches { EventBatches([]) }

    /// Waits until every event up to a position is on the device, syncing if need be.
    public func waitUntilDurable(_ position: Position) async throws(EventStoreError) {}
}
