public import FoundationEssentials

/// Appends events to streams.
public protocol EventAppending: Sendable {
    /// Appends events to a stream, all of them or none, if the stream is as expected.
    ///
    /// The events get the versions behind the stream's last one, in the order given, and positions behind all
    /// others of the store. The first append to a stream begins it.
    ///
    /// An event id that is stored anywhere already fails the whole append with
    /// ``EventStoreError/Code/duplicateEventID``, except for a *retry*: when the ids are exactly those of one
    /// earlier append to the same stream, in the same order, and that append stands right behind what `expected`
    /// demands (`exactly(n)`: its first version is n + 1; `noStream`: the first that is left; `streamExists`: above 1;
    /// `any`: anywhere), then the result of that append is returned and nothing is stored. An append whose outcome is
    /// unknown can so be repeated. Of an append that was released in part, what is left counts as the append.
    ///
    /// - Parameters:
    ///   - events: one or more, with distinct ids, within ``EventLimits``.
    ///   - stream: whose events they are.
    ///   - expected: what the stream's version must be.
    /// - Returns: the stream's new version, the first and last position, and what the events survive from now on.
    /// - Throws: ``EventStoreError/Code/versionConflict`` with both versions,
    ///   ``EventStoreError/Code/duplicateEventID``, ``EventStoreError/Code/emptyAppend``,
    ///   ``EventStoreError/Code/invalidArgument``, ``EventStoreError/Code/streamDeleted`` for a stream with a tombstone,
    ///   whatever is expected; ``EventStoreError/Code/outcomeUnknown`` where it cannot be said whether the events are
    ///   stored. With every other code nothing was stored. Where several could be reported, it is the duplicate, then
    ///   the tombstone, then the conflict.
    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult
}

/// Reads one stream.
public protocol StreamReading: Sendable {
    /// Reads events of a stream in the order of their versions, or against it.
    ///
    /// A stream that does not exist, and a range without events, read as empty; a range may begin below the first
    /// version that is left.
    /// Errors come with the first batch: ``EventStoreError/Code/invalidArgument`` for a negative limit or a bad name.
    func read(_ query: StreamQuery) -> EventBatches

    /// The version of the last event that was appended to the stream, released or not; 0 for a stream that never had
    /// one.
    func version(of stream: StreamID) async throws(EventStoreError) -> Int

    /// How far the stream reaches, and what is left of it.
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus
}

/// Looks up single events.
public protocol EventLookup: Sendable {
    /// The event with an id, or nil.
    func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent?

    /// Whether an event with an id is stored.
    func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool
}

/// Reads the whole store.
public protocol FeedReading: Sendable {
    /// Reads the events of all streams in the order of their positions, or against it.
    ///
    /// Whoever remembers the position of the last event seen and resumes behind it sees every event once.
    /// Errors come with the first batch: ``EventStoreError/Code/invalidArgument`` for a negative limit.
    func read(_ query: FeedQuery) -> EventBatches

    /// The position of the last event that readers can see, or could until it was released; nil in a store that never
    /// had one.
    func currentPosition() async throws(EventStoreError) -> Position?
}

/// Reads all streams of one aggregate type.
public protocol CategoryReading: Sendable {
    /// Reads the events of an aggregate type ordered by stored-at, then by position.
    ///
    /// Errors come with the first batch: ``EventStoreError/Code/invalidArgument`` for a negative limit or a bad name.
    func read(_ query: CategoryQuery) -> EventBatches
}

/// The source of truth: everything an event store can be asked for.
///
/// Code that needs less should ask for less, such as `any EventAppending & StreamReading`.
/// `EventSourcingTesting` holds this contract as tests that any implementation can run.
public protocol EventStore: EventAppending, StreamDeleting, StreamReading, EventLookup, FeedReading, CategoryReading {}

extension EventLookup {
    public func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool {
        try await event(withID: id) != nil
    }
}

extension StreamReading {
    /// Reads events of a stream; see ``read(_:)-(StreamQuery)``.
    public func readStream(
        _ stream: StreamID, from: Int? = nil, to: Int? = nil, direction: ReadDirection = .forward, limit: Int? = nil
    ) -> EventBatches {
        read(StreamQuery(stream, from: from, to: to, direction: direction, limit: limit))
    }
}

extension FeedReading {
    /// Reads the whole store; see ``read(_:)-(FeedQuery)``.
    public func readAll(
        after position: Position? = nil, direction: ReadDirection = .forward, limit: Int? = nil,
        filter: EventFilter = .all
    ) -> EventBatches {
        read(FeedQuery(after: position, direction: direction, limit: limit, filter: filter))
    }
}

extension CategoryReading {
    /// Reads an aggregate type; see ``read(_:)-(CategoryQuery)``.
    public func readCategory(
        _ aggregateType: String, from: Timestamp? = nil, tenantID: String? = nil, limit: Int? = nil
    ) -> EventBatches {
        read(CategoryQuery(aggregateType, from: from, tenantID: tenantID, limit: limit))
    }
}
