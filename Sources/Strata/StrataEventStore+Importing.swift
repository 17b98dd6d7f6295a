public import EventSourcing
import FoundationEssentials

extension StrataEventStore: EventImporting, ReleaseReading {
    /// Stores changes of another store; see `EventImporting.importChanges(_:)`. As durable as an append; all changes share
    /// a sync, or one for each 16 MiB.
    ///
    /// Where a change truncates a stream, its snapshot is made durable before, as by
    /// ``StrataEventStore/truncate(_:before:expecting:)``; where that fails, no change is stored.
    public func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        try lifetime.checkOpen()
        guard let writer else { throw EventStoreError(.readOnly, "the store was opened for reading only") }
        for change in changes { try EventLimits.check(change) }
        for change in changes {
            guard case .release(let source, let stream) = change, source.isTruncated else { continue }
            let status = try await status(of: stream)
            // What was released before, a snapshot that is durable stands for.
            guard status.takingOverReleases(of: source) != status else { continue }
            try await makeSnapshotDurable(of: stream)
        }
        try await writer.take(changes.map(EncodedChange.init))
    }

    public func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        try lifetime.checkOpen()
        let streams = reader.index.releasedStreams
        return try await ask { index throws(IndexFault) in
            var statuses: [StreamID: StreamStatus] = [:]
            for stream in streams { statuses[stream] = try index.status(of: stream, .verifying) }
            return statuses.filter(\.value.hasReleases)
        }
    }
}
