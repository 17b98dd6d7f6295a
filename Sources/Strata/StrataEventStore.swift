public import EventSourcing
public import FoundationEssentials

/// The events of a store.
///
/// Appends are decided one after the other and share syncs; reads go straight to the segments and wait for no writer.
/// An event is visible to readers when its append can return, not before. Cancelling a task does not take an append
/// back.
public final class StrataEventStore: EventStore {
    let reader: LogReader
    let writer: LogWriter?
    private let snapshots: SnapshotLog?
    /// Automatic compactions go on as long as it is there.
    private let compactor: Compactor?
    let lifetime: StoreLifetime

    init(
        reader: LogReader, writer: LogWriter?, snapshots: SnapshotLog?, compactor: Compactor?, lifetime: StoreLifetime
    ) {
        self.compactor = compactor
        self.reader = reader
        self.writer = writer
        self.snapshots = snapshots
        self.lifetime = lifetime
    }

    /// Appends events; see `EventAppending.append(_:to:expecting:)`.
    ///
    /// Returns once the events are as durable as the store's ``StrataOptions/DurabilityMode`` promises, which the
    /// result states. Takes one wait for the log, and one sync that is shared with every append that waits.
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try lifetime.checkOpen()
        guard let writer else { throw EventStoreError(.readOnly, "the store was opened for reading only") }
        try EventLimits.check(events, to: stream, expecting: expected)
        let commit = EncodedCommit(events, of: stream)
        return try await writer.append(commit, sifted: reader.index.sift(commit.eventIDs), expecting: expected)
    }

    public func read(_ query: StreamQuery) -> EventBatches {
        let reader = reader
        let lifetime = lifetime
        return EventBatches {
            var cursor: StreamCursor?
            return { () throws(EventStoreError) in
                try lifetime.checkOpen()
                let current: StreamCursor
                if let cursor { current = cursor } else { current = try StreamCursor(reader, query) }
                guard !current.isAtEnd else { return nil }
                let batch: [RecordedEvent]?
                (batch, cursor) = try await Self.advance(current) { cursor throws(StrataError) in try cursor.next() }
                return batch
            }
        }
    }

    public func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        try lifetime.checkOpen()
        return try await currentStatus(of: stream).version
    }

    public func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try lifetime.checkOpen()
        return try await currentStatus(of: stream)
    }

    /// One lookup in memory for a stream that was touched before, else one in the sidecar of each segment.
    private func currentStatus(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        do throws(IndexFault) { return try reader.index.status(of: stream, .verifiedOnly) } catch {}
        return try await ask { index throws(IndexFault) in try index.status(of: stream, .verifying) }
    }

    func ask<Answer: Sendable>(
        _ body: @escaping @Sendable (LogIndex) throws(IndexFault) -> Answer
    ) async throws(EventStoreError) -> Answer {
        try await read { reader throws(StrataError) in try reader.ask(body) }
    }

    /// Releases events; see `StreamDeleting.truncate(_:before:expecting:)`. As durable as an append.
    ///
    /// The stream's snapshot is made durable before, whatever the durability mode promises: its aggregate cannot be loaded
    /// without it any longer. Where that fails, nothing is released, and the error is `ioFailure`, `storageFull`, or
    /// `damaged` for a snapshot that does not verify.
    @discardableResult
    public func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try lifetime.checkOpen()
        try await makeSnapshotDurable(of: stream)
        return try await release(.truncation(before: version), of: stream, expecting: expected)
    }

    func makeSnapshotDurable(of stream: StreamID) async throws(EventStoreError) {
        do { try await snapshots?.makeDurable(stream) } catch { throw EventStoreError(keepingSnapshot: error) }
    }

    /// Releases all events of a stream; see `StreamDeleting.delete(_:mode:expecting:)`. As durable as an append.
    ///
    /// The stream's snapshot is not touched; see ``StrataSnapshotStore``.
    @discardableResult
    public func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await release(.deletion(mode), of: stream, expecting: expected)
    }

    private func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try lifetime.checkOpen()
        guard let writer else { throw EventStoreError(.readOnly, "the store was opened for reading only") }
        try EventLimits.check(stream, expecting: expected)
        return try await writer.release(release, of: stream, expecting: expected)
    }

    public func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        try lifetime.checkOpen()
        if let known = reader.knownEvent(withID: id) { return known.value }
        return try await waitForEvent(withID: id)
    }

    private func waitForEvent(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        try await read { reader throws(StrataError) in
            try reader.commit(containingAnyOf: [id.bits]).map { $0.events[$0.index] }
        }
    }

    public func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool {
        try lifetime.checkOpen()
        if let isKnown = reader.knowsEvent(withID: id) { return isKnown }
        return try await waitForEvent(withID: id) != nil
    }

    public func read(_ query: FeedQuery) -> EventBatches {
        if let limit = query.limit, limit < 0 {
            return EventBatches(failing: .negativeLimit(limit))
        }
        return feed(limit: query.limit) { reader in
            switch query.direction {
            case .forward:
                let position = min(max(query.position?.rawValue ?? 0, 0), .max - 1)
                return .forward(FeedCursor(reader, from: position + 1, filter: query.filter))
            case .backward:
                let position = max(query.position?.rawValue ?? .max, 1)
                return .backward(BackwardFeedCursor(reader, from: position - 1, filter: query.filter))
            }
        }
    }

    public func currentPosition() async throws(EventStoreError) -> Position? {
        try lifetime.checkOpen()
        let last = reader.index.lastPosition
        return last == 0 ? nil : Position(last)
    }

    public func read(_ query: CategoryQuery) -> EventBatches {
        if let limit = query.limit, limit < 0 {
            return EventBatches(failing: .negativeLimit(limit))
        }
        guard EventLimits.isValidAggregateType(query.aggregateType) else {
            return EventBatches(
                failing: EventStoreError(.invalidArgument, "'\(query.aggregateType)' cannot name an aggregate type"))
        }
        let filter = EventFilter(aggregateTypes: [query.aggregateType], tenantID: query.tenantID)
        return feed(limit: query.limit) { reader in
            .forward(FeedCursor(reader, from: 1, storedFrom: query.from, filter: filter))
        }
    }

    /// Waits until every event up to a position is on the device, syncing if need be.
    ///
    /// - Throws: `invalidArgument` for a position that is not stored yet, and `ioFailure` where syncing fails; the store
    ///   then has to be opened again.
    public func waitUntilDurable(_ position: Position) async throws(EventStoreError) {
        try lifetime.checkOpen()
        guard let writer else { throw EventStoreError(.readOnly, "the store was opened for reading only") }
        try await writer.waitUntilDurable(position)
    }

    private func feed(limit: Int?, _ begin: @escaping @Sendable (LogReader) -> FeedPosition) -> EventBatches {
        let reader = reader
        let lifetime = lifetime
        return EventBatches {
            var position: FeedPosition?
            var ahead: FeedReadAhead?
            var rest = limit ?? .max
            return { () throws(EventStoreError) in
                try lifetime.checkOpen()
                guard rest > 0 else { return nil }
                let wanted = rest
                let batch: [RecordedEvent]?
                if let ahead {
                    do throws(StrataError) { batch = try await ahead.next() } catch {
                        throw EventStoreError(reading: error)
                    }
                } else {
                    let next: FeedPosition
                    (batch, next) = try await Self.advance(position ?? begin(reader)) { next throws(StrataError) in
                        try next.next(limit: wanted)
                    }
                    position = next
                    // Whoever asks for a second batch will want more.
                    if let batch, BlockingReads.areConcurrent {
                        ahead = FeedReadAhead(next, limit: wanted - batch.count)
                    }
                }
                rest -= batch?.count ?? 0
                return batch
            }
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (LogReader) throws(StrataError) -> Value
    ) async throws(EventStoreError) -> Value {
        let reader = reader
        return try await Self.advance(reader) { reader throws(StrataError) in try body(reader) }.0
    }

    /// Advances a cursor where it may block; returns what it found and the cursor behind it.
    private static func advance<State: Sendable, Value: Sendable>(
        _ state: State, _ body: @escaping @Sendable (inout State) throws(StrataError) -> Value
    ) async throws(EventStoreError) -> (Value, State) {
        do throws(StrataError) {
            return try await BlockingReads.run { () throws(StrataError) in
                var state = state
                let value = try body(&state)
                return (value, state)
            }
        } catch {
            throw EventStoreError(reading: error)
        }
    }
}
