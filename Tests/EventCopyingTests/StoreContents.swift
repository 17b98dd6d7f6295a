import EventSourcing

/// Everything that a copy keeps of a store.
struct StoreContents: Equatable {
    /// In the order of the feed, all with position 0.
    var events: [RecordedEvent]
    var released: [StreamID: StreamStatus]
    var snapshots: [StreamID: Snapshot] = [:]

    init(of store: any CopyableEventStore, snapshots: (any SnapshotStore)? = nil) async throws {
        events = try await store.readAll().collect().map { event in
            RecordedEvent(
                NewEvent(event), stream: event.stream, version: event.version, position: 0, storedAt: event.storedAt)
        }
        released = try await store.releasedStreams()
        for stream in Set(events.map(\.stream)) {
            self.snapshots[stream] = try await snapshots?.latest(for: stream)
        }
    }
}
