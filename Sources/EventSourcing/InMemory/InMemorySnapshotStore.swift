import Synchronization

/// A snapshot store that lives and dies with its process.
///
/// It keeps the whole contract of ``SnapshotStore``. Every call takes constant time, except for deleting an aggregate
/// type, which looks at all snapshots.
public final class InMemorySnapshotStore: SnapshotStore {
    private let snapshots = Mutex<[StreamID: Snapshot]>([:])

    /// An empty store.
    public init() {}

    public func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        try EventLimits.check(snapshot)
        snapshots.withLock { snapshots in
            if let stored = snapshots[snapshot.stream], stored.schemaVersion == snapshot.schemaVersion,
                stored.version > snapshot.version
            {
                return
            }
            snapshots[snapshot.stream] = snapshot
        }
    }

    public func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        snapshots.withLock { $0[stream] }
    }

    public func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        snapshots.withLock { $0[stream] != nil }
    }

    @discardableResult
    public func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        snapshots.withLock { $0.removeValue(forKey: stream) != nil }
    }

    @discardableResult
    public func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool {
        snapshots.withLock { snapshots in
            guard snapshots[snapshot.stream] == snapshot else { return false }
            snapshots[snapshot.stream] = nil
            return true
        }
    }

    @discardableResult
    public func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int {
        snapshots.withLock { snapshots in
            let outdated = snapshots.values.filter {
                $0.stream.aggregateType == aggregateType && $0.schemaVersion < schemaVersionBelow ?? .max
            }
            for snapshot in outdated { snapshots[snapshot.stream] = nil }
            return outdated.count
        }
    }
}
