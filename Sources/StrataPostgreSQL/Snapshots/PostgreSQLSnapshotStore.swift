#if PostgreSQL
public import EventSourcing

/// Keeps the latest snapshot of each aggregate in a database of PostgreSQL, for any number of processes.
///
/// It keeps the whole contract of `SnapshotStore`. Every call is one round trip and one statement. It may share a schema and a
/// pool with a ``PostgreSQLEventStore``, or have its own.
public final class PostgreSQLSnapshotStore: SnapshotStore {
    /// The connections it uses.
    public let pool: PostgreSQLConnectionPool
    /// Where its table is.
    public let schema: PostgreSQLSchema

    private let save: Statement
    private let latest: Statement
    private let exists: Statement
    private let delete: Statement
    private let deleteSame: Statement
    private let deleteAll: Statement

    /// A store in a schema that ``PostgreSQLSchema/migrate(using:)`` has made. Looks at nothing yet.
    public init(_ pool: PostgreSQLConnectionPool, schema: PostgreSQLSchema = .strata) {
        self.pool = pool
        self.schema = schema
        let table = "\(schema.quoted).snapshots"
        let ofStream = "WHERE aggregate_id = $2::uuid AND aggregate_type = $1::text"
        save = Statement(
            """
            INSERT INTO \(table) AS kept (aggregate_type, aggregate_id, version, schema_version, created_at,
                created_nanoseconds, content_type, state)
            VALUES ($1::text, $2::uuid, $3::bigint, $4::bigint, $5::timestamptz, $6::smallint, $7::smallint, $8::bytea)
            ON CONFLICT ON CONSTRAINT snapshots_stream DO UPDATE SET version = excluded.version,
                schema_version = excluded.schema_version, created_at = excluded.created_at,
                created_nanoseconds = excluded.created_nanoseconds, content_type = excluded.content_type,
                state = excluded.state
            WHERE kept.schema_version <> excluded.schema_version OR kept.version <= excluded.version
            """)
        latest = Statement(
            """
            SELECT version, schema_version, created_at, created_nanoseconds, content_type, state FROM \(table) \(ofStream)
            """)
        exists = Statement("SELECT 1 FROM \(table) \(ofStream)")
        delete = Statement("DELETE FROM \(table) \(ofStream) RETURNING 1")
        deleteSame = Statement(
            """
            DELETE FROM \(table) \(ofStream) AND version = $3::bigint AND schema_version = $4::bigint
                AND created_at = $5::timestamptz AND created_nanoseconds = $6::smallint AND content_type = $7::smallint
                AND state = $8::bytea
            RETURNING 1
            """)
        deleteAll = Statement(
            """
            WITH deleted AS (DELETE FROM \(table) WHERE aggregate_type = $1::text AND schema_version < $2::bigint RETURNING 1)
            SELECT count(*) FROM deleted
            """)
    }

    public func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        try EventLimits.check(snapshot)
        try await run(Command(save, .snapshot(snapshot))) { _ in }
    }

    public func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        guard EventLimits.isValidAggregateType(stream.aggregateType) else { return nil }
        return try await run(Command(latest, .stream(stream))) { result throws(PostgreSQLError) in
            guard result.count > 0 else { return nil }
            let createdAt = Timestamp(
                serverMicroseconds: try result.integer(0, 2), remainder: try result.integer(0, 3))
            guard let createdAt, let contentType = UInt8(exactly: try result.integer(0, 4, as: Int16.self)) else {
                return nil
            }
            return Snapshot(
                stream: stream, version: try result.int(0, 0), schemaVersion: try result.int(0, 1),
                createdAt: createdAt, contentType: ContentType(rawValue: contentType),
                state: try result.withBytes(0, 5) { Bytes(Array($0)) })
        }
    }

    public func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        guard EventLimits.isValidAggregateType(stream.aggregateType) else { return false }
        return try await run(Command(exists, .stream(stream))) { $0.count > 0 }
    }

    @discardableResult
    public func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        guard EventLimits.isValidAggregateType(stream.aggregateType) else { return false }
        return try await run(Command(delete, .stream(stream))) { $0.count > 0 }
    }

    @discardableResult
    public func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool {
        guard EventLimits.isValidAggregateType(snapshot.stream.aggregateType) else { return false }
        return try await run(Command(deleteSame, .snapshot(snapshot))) { $0.count > 0 }
    }

    @discardableResult
    public func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int {
        guard EventLimits.isValidAggregateType(aggregateType) else { return 0 }
        var parameters = BinaryParameters()
        parameters.append(aggregateType)
        parameters.append(Int64(schemaVersionBelow ?? .max))
        return try await run(Command(deleteAll, parameters)) { result throws(PostgreSQLError) in
            try result.int(0, 0)
        }
    }

    /// Every one of these can be repeated: a save meets its own row and writes it again.
    private func run<Value: Sendable>(
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

extension BinaryParameters {
    fileprivate static func snapshot(_ snapshot: Snapshot) -> BinaryParameters {
        var parameters = BinaryParameters.stream(snapshot.stream)
        parameters.append(Int64(snapshot.version))
        parameters.append(Int64(snapshot.schemaVersion))
        parameters.append(snapshot.createdAt)
        parameters.append(snapshot.createdAt.serverRemainder)
        parameters.append(Int16(snapshot.contentType.rawValue))
        parameters.append(snapshot.state)
        return parameters
    }
}
#endif
