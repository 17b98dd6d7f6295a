public import EventSourcing

/// The stores that an example runs on.
public struct ExampleStores: Sendable {
    public let events: any EventStore
    public let snapshots: any SnapshotStore

    public init(events: any EventStore, snapshots: any SnapshotStore) {
        self.events = events
        self.snapshots = snapshots
    }
}
