public import EventSourcing
import Logging

/// The snapshots of a store, compressed with LZ4.
///
/// A snapshot is a cache. Saving returns once the operating system has it; a loss of power may lose it, and opening a store drops
/// every snapshot that is ahead of its stream. One of events that were deleted stays until a compaction, or until
/// ``delete(for:)``. Where the latest snapshot of a stream does not verify, the one before it counts in a store that is open for
/// writing, if it is still there.
/// Deletions are durable when they return. So is saving the first snapshot that stands for events which were released:
/// there is nothing else to load the aggregate from.
public final class StrataSnapshotStore: SnapshotStore {
    private let reader: SnapshotReader
    private let events: LogIndex
    let log: SnapshotLog?
    /// nil of a store that is open for writing: its index is always up to date.
    private let refresh: SnapshotRefresh?
    private let lifetime: StoreLifetime
    private let logger: Logger

    init(
        reader: SnapshotReader, events: LogIndex, log: SnapshotLog?, refresh: SnapshotRefresh?, lifetime: StoreLifetime,
        logger: Logger
    ) {
        self.reader = reader
        self.events = events
        self.log = log
        self.refresh = refresh
        self.lifetime = lifetime
        self.logger = logger
    }

    /// Saves a snapshot; see `SnapshotStore.save(_:)`.
    ///
    /// Costs no sync, unless events of the stream were released and no snapshot is kept that stands for them: then this one
    /// is durable when it returns, whatever the durability mode promises.
    public func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        let log = try writableLog()
        try EventLimits.check(snapshot)
        let body = SnapshotBody.encode(snapshot)
        let firstLiveVersion = events.firstLiveVersion(of: snapshot.stream)
        do {
            try await log.save(snapshot, body: body, firstLiveVersion: firstLiveVersion)
        } catch { throw EventStoreError(savingSnapshot: error) }
    }

    public func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        try lifetime.checkOpen()
        let reader = reader
        guard let entry = reader.index[stream] else { return nil }
        do throws(StrataError) {
            return try await BlockingReads.run { () throws(StrataError) in try reader.snapshot(entry) }
        } catch {
            guard error.code == .damaged || error.code == .notFound else { throw EventStoreError(reading: error) }
            // A failed sync may have taken it, and not the one before it.
            if error.code == .damaged { try await fallBack(from: entry, of: stream) }
            if error.code == .notFound { try await refresh(missing: entry, of: stream) }
            // That one counts, or a compaction has moved it and taken the file away.
            if let other = reader.index[stream], other != entry { return try await latest(for: stream) }
            logger.warning(
                "a damaged snapshot counts as absent", metadata: ["stream": "\(stream)", "error": "\(error)"])
            return nil
        }
    }

    public func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        try lifetime.checkOpen()
        return reader.index[stream] != nil
    }

    @discardableResult
    public func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        let log = try writableLog()
        do { return try await log.delete([stream]) > 0 } catch { throw EventStoreError(savingSnapshot: error) }
    }

    /// Deletes a snapshot, durably, if it is still the one that is kept, whoever saves another at the same time.
    @discardableResult
    public func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool {
        let log = try writableLog()
        let stream = snapshot.stream
        while let entry = reader.index[stream] {
            guard try await latest(for: stream) == snapshot else { return false }
            do {
                if try await log.delete(entry, of: stream) { return true }
            } catch { throw EventStoreError(savingSnapshot: error) }
            // Meanwhile another was saved, or a compaction has moved it.
        }
        return false
    }

    /// Deletes the snapshots of a type that there are.
    ///
    /// One whose saving an earlier process reported as failed is none of them. Where its bytes reached the disk all the same and
    /// could not be taken back, a loss of power may show it again; ``delete(for:)`` of its stream prevents that.
    ///
    /// - Complexity: O(*n*) in the streams with a snapshot, and one sync.
    @discardableResult
    public func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int {
        let log = try writableLog()
        do {
            return try await log.deleteAll(ofType: aggregateType, schemaVersionBelow: schemaVersionBelow ?? .max)
        } catch {
            throw EventStoreError(savingSnapshot: error)
        }
    }

    /// The stored snapshots without their states, by aggregate type and id.
    public func list() async throws(EventStoreError) -> [SnapshotSummary] {
        try lifetime.checkOpen()
        return reader.index.all
            .map { stream, entry in
                SnapshotSummary(
                    stream: stream, version: entry.version, schemaVersion: entry.schemaVersion,
                    createdAt: entry.createdAt, contentType: entry.contentType, stateBytes: entry.stateLength,
                    storedBytes: entry.frameLength)
            }
            .sorted {
                ($0.stream.aggregateType, $0.stream.id.bits) < ($1.stream.aggregateType, $1.stream.id.bits)
            }
    }

    private func fallBack(from entry: SnapshotIndex.Entry, of stream: StreamID) async throws(EventStoreError) {
        do { try await log?.fallBack(from: entry, of: stream) } catch { throw EventStoreError(reading: error) }
    }

    private func refresh(missing entry: SnapshotIndex.Entry, of stream: StreamID) async throws(EventStoreError) {
        guard let refresh else { return }
        do throws(StrataError) {
            try await BlockingReads.run { () throws(StrataError) in try refresh.run(missing: entry, of: stream) }
        } catch { throw EventStoreError(reading: error) }
    }

    private func writableLog() throws(EventStoreError) -> SnapshotLog {
        try lifetime.checkOpen()
        guard let log else { throw EventStoreError(.readOnly, "the store was opened for reading only") }
        return log
    }
}

extension EventStoreError {
    fileprivate init(savingSnapshot error: StrataError) {
        let code: Code =
            switch error.code {
            case .storageFull: .storageFull
            case .closed: .closed
            default: .ioFailure
            }
        self.init(code, "the snapshots could not be changed", cause: error)
    }
}
