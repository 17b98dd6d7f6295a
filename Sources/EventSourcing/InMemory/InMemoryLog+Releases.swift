extension InMemoryLog {
    mutating func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        let status = status(of: stream)
        try check(status, of: stream, expecting: expected)
        try EventLimits.check(truncationBefore: version, of: stream, status)
        return release(status.truncated(before: version), of: stream)
    }

    mutating func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        let status = status(of: stream)
        guard mode == .tombstone, status.isTombstoned else {
            try check(status, of: stream, expecting: expected)
            let behind = mode == .soft ? status.truncated(before: status.version + 1) : status.tombstoned
            return release(behind, of: stream)
        }
        guard expected.allows(status) else {
            throw .conflict(in: stream, expected: expected, actual: status.version)
        }
        return status
    }

    /// Forgets the events below a stream's new first version. O(events released).
    private mutating func release(_ status: StreamStatus, of id: StreamID) -> StreamStatus {
        var stream = streams[id] ?? Stream()
        for index in stream.indexes.prefix(status.firstVersion - stream.status.firstVersion) { forget(index) }
        stream.indexes = stream.indexes.dropFirst(status.firstVersion - stream.status.firstVersion)
        // A slice would keep what stands before it.
        if stream.indexes.isEmpty { stream.indexes = [] }
        stream.status = status
        if status.version > 0 || status.isTombstoned { streams[id] = stream }
        return status
    }

    private mutating func forget(_ index: Int) {
        guard let event = places[index].event, let entry = entries.removeValue(forKey: event.id.bits) else { return }
        places[index].event = nil
        // What is left of an append counts as the append.
        if entry.appendCount > 1, let next = places[index + 1].event {
            entries[next.id.bits]?.appendCount = entry.appendCount - 1
        }
    }
}
