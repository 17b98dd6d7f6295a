import Synchronization

extension InMemoryEventStore: EventImporting, ReleaseReading {
    public func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        for change in changes { try EventLimits.check(change) }
        for change in changes {
            switch change {
            case .commit(let commit):
                try state.withLock { log throws(EventStoreError) in
                    _ = try log.append(
                        commit.events, to: commit.stream, expecting: commit.expectedVersion, now: commit.storedAt)
                }
            case .release(let source, let stream):
                state.withLock { log in
                    let status = log.status(of: stream)
                    let left = status.takingOverReleases(of: source)
                    if left != status { log.leave(left, of: stream) }
                }
            }
        }
    }

    public func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        state.withLock { log in
            log.streams.mapValues(\.status).filter(\.value.hasReleases)
        }
    }
}

extension StreamStatus {
    /// Whether events were released, or there is a tombstone.
    package var hasReleases: Bool { firstVersion > 1 || isTombstoned }
}
