public import FoundationEssentials
public import Logging

/// Loads aggregates from their events and saves what commands recorded.
///
/// Optimistic: a save fails with a conflict when the stream has got other events since the aggregate was loaded;
/// ``execute(on:metadata:_:)`` then loads it and runs the command again. Snapshots only ever make loading faster: no
/// failure of theirs is one of loading or saving, it is logged.
public struct AggregateRepository<State: Aggregate>: Sendable {
    let store: any EventAppending & StreamReading
    let registry: EventRegistry
    let snapshotStore: (any SnapshotStore)?
    let snapshotPolicy: SnapshotPolicy
    let retryPolicy: RetryPolicy
    let clock: @Sendable () -> Timestamp
    let warnings: SnapshotWarnings
    let background = BackgroundSnapshots()

    /// - Parameters:
    ///   - store: holds the events.
    ///   - registry: knows the events' names, codecs and upcasters; by default the aggregate's own events, in JSON.
    ///   - snapshotStore: holds snapshots; without one there are none.
    ///   - snapshotPolicy: when snapshots are taken.
    ///   - retryPolicy: how ``execute(on:metadata:_:)`` goes on after conflicts.
    ///   - clock: says when a snapshot was made.
    ///   - logger: hears of snapshots that cannot be used or stored, once a kind at the level of warnings.
    /// - Precondition: the policy's threshold is 1 or more.
    public init(
        store: any EventAppending & StreamReading, registry: EventRegistry = EventRegistry(of: State.Event.self),
        snapshotStore: (any SnapshotStore)? = nil, snapshotPolicy: SnapshotPolicy = .manual,
        retryPolicy: RetryPolicy = RetryPolicy(), clock: @escaping @Sendable () -> Timestamp = { .now() },
        logger: Logger = Logger(label: "event-sourcing", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        precondition(snapshotPolicy.threshold ?? 1 >= 1, "a threshold is 1 event or more")
        self.store = store
        self.registry = registry
        self.snapshotStore = snapshotStore
        self.snapshotPolicy = snapshotPolicy
        self.retryPolicy = retryPolicy
        self.clock = clock
        warnings = SnapshotWarnings(logger)
    }

    /// An aggregate that nothing has happened to yet. It is stored with its first events.
    public func new(_ id: UUID = .random()) -> AggregateRoot<State> {
        AggregateRoot(id: id)
    }

    /// Whether the aggregate has events: at least one, and not all of them released.
    public func exists(_ id: UUID) async throws(EventStoreError) -> Bool {
        try await !store.status(of: StreamID(State.aggregateType, id)).isEmpty
    }

    /// Stores what was recorded, all of it or nothing.
    ///
    /// On success nothing is uncommitted any longer. On failure the aggregate is as it was: after
    /// ``EventStoreError/Code/outcomeUnknown`` saving it again is safe, because the events keep their ids.
    ///
    /// - Parameters:
    ///   - aggregate: what is saved.
    ///   - metadata: accompanies each of the events.
    /// - Returns: what the append achieved; nil where there was nothing to store.
    /// - Throws: ``EventStoreError/Code/versionConflict`` where the stream has other events by now,
    ///   ``EventStoreError/Code/streamDeleted`` where it has a tombstone, ``EventStoreError/Code/unregisteredEventType``, ``EventStoreError/Code/encodingFailed``, and what
    ///   ``EventAppending/append(_:to:expecting:)`` throws.
    @discardableResult
    public func save(
        _ aggregate: inout AggregateRoot<State>, metadata: EventMetadata = EventMetadata()
    ) async throws(EventStoreError) -> AppendResult? {
        guard !aggregate.uncommitted.isEmpty else { return nil }
        var events: [NewEvent] = []
        events.reserveCapacity(aggregate.uncommitted.count)
        for entry in aggregate.uncommitted {
            events.append(
                try registry.encode(entry.event, id: entry.id, occurredAt: entry.occurredAt, metadata: metadata))
        }
        let result = try await store.append(
            events, to: aggregate.stream, expecting: .exactly(aggregate.committedVersion))
        let saved = aggregate
        aggregate.commit()
        await snapshotIfDue(saved)
        return result
    }

    /// Loads an aggregate, runs a command on it, and saves what that recorded.
    ///
    /// An aggregate without events begins as ``new(_:)`` gives it, so that commands which create one work, and others
    /// refuse by their own rules. After a conflict the aggregate is loaded and the command run again, as the retry
    /// policy says; the last conflict is thrown.
    ///
    /// - Parameters:
    ///   - id: the aggregate's identifier.
    ///   - metadata: accompanies each of the events.
    ///   - command: decides and records. It may run several times, so it changes nothing else.
    /// - Returns: what the command returned when it was saved.
    /// - Throws: the command's own error, as it is; ``EventStoreError`` of loading and saving; `CancellationError`
    ///   when the task is cancelled between two attempts.
    @discardableResult
    public func execute<Result>(
        on id: UUID, metadata: EventMetadata = EventMetadata(),
        _ command: (inout AggregateRoot<State>) throws -> Result
    ) async throws -> Result {
        var attempt = 1
        while true {
            var aggregate = try await loadOrCreate(id)
            let result = try command(&aggregate)
            do {
                try await save(&aggregate, metadata: metadata)
                return result
            } catch {
                guard error.code == .versionConflict, attempt < retryPolicy.attempts else { throw error }
                try await retryPolicy.wait(beforeRepetition: attempt)
                attempt += 1
            }
        }
    }
}
