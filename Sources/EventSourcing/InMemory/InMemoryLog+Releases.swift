extension InMemoryLog {
    mutating func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        let status = status(of: stream)
        let behind = try release.status(behind: status, of: stream, expecting: expected)
        if behind != status { leave(behind, of: stream) }
        return behind
    }

    /// Forgets the events below a stream's new first version. O(events released).
    mutating func leave(_ status: StreamStatus, of id: StreamID) {
        var stream = streams[id] ?? Stream()
        for index in stream.indexes.prefix(status.firstVersion - stream.status.firstVersion) { forget(index) }
        stream.indexes = stream.indexes.dropFirst(status.firstVersion - stream.status.firstVersion)
        // A slice would keep what stands before it.
        if stream.indexes.isEmpty { stream.indexes = [] }
        stream.status = status
        streams[id] = stream
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
