public import EventSourcing

/// A store that a copy reads from, or writes to.
public struct CopyableStore: Sendable {
    /// Its events.
    public let events: any CopyableEventStore
    /// Its snapshots; nil where they are not to be copied.
    public let snapshots: (any SnapshotStore)?

    public init(events: any CopyableEventStore, snapshots: (any SnapshotStore)? = nil) {
        self.events = events
        self.snapshots = snapshots
    }
}
