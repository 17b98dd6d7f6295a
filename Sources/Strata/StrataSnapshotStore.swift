public import EventSourcing

/// The snapshots of a store, compressed with LZ4.
public final class StrataSnapshotStore: SnapshotStore {
    public func save(_ snapshot: Snapshot) async throws(EventStoreError) {}
    public func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? { nil }
    @discardableResult
    public func delete(for stream: StreamID) async throws(EventStoreError) -> Bool { false }
    @discardableResult
    public func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int { 0 }

    /// The stored snapshots without their states, by stream.
    public func list() async throws(EventStoreError) -> [SnapshotSummary] { [] }
}
