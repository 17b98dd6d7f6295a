#if PostgreSQL
public import EventSourcing
public import FoundationEssentials
import Synchronization

/// An event store in a database of PostgreSQL, which any number of processes on any number of machines may write to.
///
/// It keeps the whole contract of `EventStore`. Appends take turns on the server, so that positions become visible in their
/// order: a reader that resumes behind the last position seen never skips an event, whichever transaction commits late. Appends of
/// one process that wait share a round trip and a commit.
///
/// An append returns once its transaction has committed; its result says `synced` unless the server's `fsync` or
/// `synchronous_commit` are off. With synchronous replication a commit waits for the standbys, too. An append whose connection
/// is lost is repeated on another one: its event ids tell whether it had been stored. Where that does not succeed within
/// ``PostgreSQLOptions/reconnect``, it fails with `outcomeUnknown`.
///
/// `storedAt` is the server's clock in microseconds, and never decreases with the position. A call never blocks a thread.
public final class PostgreSQLEventStore: EventStore {
    /// The connections it uses.
    public let pool: PostgreSQLConnectionPool
    /// Where its tables are.
    public let schema: PostgreSQLSchema

    let statements: EventStatements
    let listener: FeedListener
    private let queue: AppendQueue

    /// A store in a schema that ``PostgreSQLSchema/migrate(using:)`` has made. Looks at nothing yet.
    public init(_ pool: PostgreSQLConnectionPool, schema: PostgreSQLSchema = .strata) {
        self.pool = pool
        self.schema = schema
        statements = EventStatements(schema)
        queue = AppendQueue(pool, schema)
        listener = FeedListener(pool.options, channel: schema.channel)
    }

    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try EventLimits.check(events, to: stream, expecting: expected)
        let command = Command(statements.append, .append(events, to: stream, expecting: expected))
        let outcome: AppendOutcome
        do throws(PostgreSQLConnectionPool.RetryFailure) {
            outcome = try await queue.append(command)
        } catch {
            throw EventStoreError(changing: stream, error)
        }
        switch outcome {
        case .stored(let version, let position, let durability):
            return AppendResult(
                version: version, firstPosition: Position(position),
                lastPosition: Position(position + events.count - 1), durability: durability)
        case .conflict(let version): throw .conflict(in: stream, expected: expected, actual: version)
        case .duplicate(let id): throw .duplicate(eventID: id, in: stream)
        case .deleted: throw .deleted(stream)
        }
    }

    public func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        try await status(of: stream).version
    }

    public func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        guard EventLimits.isValidAggregateType(stream.aggregateType) else { return StreamStatus(version: 0) }
        return try await query(Command(statements.status, .stream(stream))) { result throws(PostgreSQLError) in
            try result.status(from: 0)
        }
    }

    public func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        var parameters = BinaryParameters()
        parameters.append(id)
        return try await query(Command(statements.event, parameters)) { result throws(PostgreSQLError) in
            try EventRows(result).event()
        }
    }

    public func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool {
        var parameters = BinaryParameters()
        parameters.append(id)
        return try await query(Command(statements.containsEvent, parameters)) { result in result.count > 0 }
    }

    public func currentPosition() async throws(EventStoreError) -> Position? {
        try await query(Command(statements.currentPosition)) { result throws(PostgreSQLError) in
            let position = try result.int(0, 0)
            return position == 0 ? nil : Position(position)
        }
    }

    /// Runs a statement that only reads, again where its connection is lost.
    func query<Value: Sendable>(
        _ command: Command, _ decode: (QueryResult) throws(PostgreSQLError) -> Value
    ) async throws(EventStoreError) -> Value {
        do throws(PostgreSQLConnectionPool.RetryFailure) {
            return try await pool.retrying { connection throws(PostgreSQLError) in
                try await schema.check(on: connection)
                return try decode(try await connection.run(command))
            }
        } catch {
            throw EventStoreError(error.error)
        }
    }
}
#endif
