public import FoundationEssentials
import Synchronization

/// An event store that lives and dies with its process: for tests, trials and short-lived tools.
///
/// It keeps the whole contract of ``EventStore``; its durability is ``Durability/volatile``. Appends take turns, reads
/// hold the lock for one batch of at most 512 events at a time. Finding a stream, an event by its id and a position
/// takes constant time; beginning at an instant takes logarithmic time. A released event frees its memory, except for
/// its place in the feed.
///
/// `storedAt` never decreases with the position, even where the clock goes backwards: whoever polls a category and
/// resumes at the last instant seen would otherwise miss events stored with an earlier one.
public final class InMemoryEventStore: EventStore {
    let state = Mutex(InMemoryLog())
    private let clock: @Sendable () -> Timestamp

    /// An empty store.
    ///
    /// - Parameter clock: gives the time that events are stamped with, once an append.
    public init(clock: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.clock = clock
    }

    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try EventLimits.check(events, to: stream, expecting: expected)
        // Outside the lock, because the clock is the caller's code and may itself use the store.
        let now = clock()
        return try state.withLock { log throws(EventStoreError) in
            try log.append(events, to: stream, expecting: expected, now: now)
        }
    }

    public func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        state.withLock { $0.status(of: stream).version }
    }

    public func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        state.withLock { $0.status(of: stream) }
    }

    @discardableResult
    public func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try release(.truncation(before: version), of: stream, expecting: expected)
    }

    @discardableResult
    public func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try release(.deletion(mode), of: stream, expecting: expected)
    }

    private func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> DeletionResult {
        try EventLimits.check(stream, expecting: expected)
        return try state.withLock { log throws(EventStoreError) in
            let status = try log.release(release, of: stream, expecting: expected)
            return DeletionResult(status: status, durability: .volatile)
        }
    }

    public func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        state.withLock { $0.event(withID: id) }
    }

    public func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool {
        state.withLock { $0.containsEvent(withID: id) }
    }

    public func currentPosition() async throws(EventStoreError) -> Position? {
        state.withLock { $0.lastPosition }
    }

    public func read(_ query: StreamQuery) -> EventBatches {
        batches(limit: query.limit, checkingName: query.stream.aggregateType) { log in
            InMemoryRead(
                source: .stream(query.stream), indexes: log.indexes(for: query), direction: query.direction,
                limit: query.limit)
        }
    }

    public func read(_ query: FeedQuery) -> EventBatches {
        batches(limit: query.limit, checkingName: nil) { log in
            InMemoryRead(
                source: .feed, indexes: log.indexes(for: query), direction: query.direction, limit: query.limit,
                filter: query.filter)
        }
    }

    public func read(_ query: CategoryQuery) -> EventBatches {
        batches(limit: query.limit, checkingName: query.aggregateType) { log in
            InMemoryRead(
                source: .category(query.aggregateType), indexes: log.indexes(for: query), direction: .forward,
                limit: query.limit, filter: EventFilter(tenantID: query.tenantID))
        }
    }

    private func batches(
        limit: Int?, checkingName name: String?, begin: @escaping @Sendable (borrowing InMemoryLog) -> InMemoryRead
    ) -> EventBatches {
        if let limit, limit < 0 {
            return EventBatches(failing: EventStoreError(.invalidArgument, "a limit is 0 or more, not \(limit)"))
        }
        if let name, !EventLimits.isValidAggregateType(name) {
            return EventBatches(
                failing: EventStoreError(.invalidArgument, "what is to be read is no name of an aggregate type"))
        }
        return EventBatches { [self] in
            // What is there when the first batch is asked for bounds the read. No place is ever removed, so the bounds
            // are enough; keeping the log's arrays would make the next append copy them.
            var read: InMemoryRead?
            return {
                self.state.withLock { log in
                    var current = read ?? begin(log)
                    defer { read = current }
                    return current.nextBatch(in: log)
                }
            }
        }
    }
}
