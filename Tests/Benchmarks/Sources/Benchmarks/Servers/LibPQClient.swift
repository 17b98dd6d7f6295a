import CLibPQ
import EventSourcing
import Foundation

/// Libpq as its manual shows it: prepared statements with binary parameters, and a thread that blocks.
///
/// It runs the statements of the store and copies what comes, without making values of it.
final class LibPQClient: @unchecked Sendable {
    // Sendable because one thread at a time uses it.
    private let connection: OpaquePointer

    /// - Parameter schema: a schema of the store's.
    init(_ text: String, schema: String) throws {
        guard let connection = PQconnectdb(text), PQstatus(connection) == CONNECTION_OK else {
            throw BenchmarkError("there is no connection to the server")
        }
        self.connection = connection
        for setting in ["enable_seqscan = off", "enable_hashjoin = off", "plan_cache_mode = force_generic_plan"] {
            PQclear(PQexec(connection, "SET \(setting)"))
        }
        try prepare(
            "append",
            """
            SELECT a.outcome, a.at_version, a.at_position, a.taken,
                current_setting('fsync')::bool AND current_setting('synchronous_commit') <> 'off'
            FROM "\(schema)".append($1::text, $2::uuid, $3::bigint, $4::uuid[], $5::text[], $6::bigint[],
                $7::timestamptz[], $8::smallint[], $9::smallint[], $10::text[], $11::bytea[], $12::bytea[]) a
            """)
        let isShort = "octet_length(e.payload) + octet_length(e.metadata) <= $6::bigint"
        try prepare(
            "load",
            """
            SELECT e.position, e.version, e.stored_at, e.stored_nanoseconds, e.occurred_at, e.occurred_nanoseconds,
                e.schema_version, e.id, e.content_type, e.type, CASE WHEN \(isShort) THEN e.metadata END,
                CASE WHEN \(isShort) THEN e.payload END, e.aggregate_type, e.aggregate_id,
                (SELECT l.version FROM "\(schema)".events l WHERE l.aggregate_id = $2::uuid
                    AND l.aggregate_type = $1::text ORDER BY l.version DESC LIMIT 1)
            FROM "\(schema)".events e WHERE e.aggregate_id = $2::uuid AND e.aggregate_type = $1::text
                AND e.version BETWEEN $3::bigint AND $4::bigint ORDER BY e.version LIMIT $5::bigint
            """)
    }

    deinit {
        PQfinish(connection)
    }

    /// Appends events to a new stream.
    func append(_ count: Int) throws {
        let payload = Array(ServerEvents.payload)
        func array(_ type: Int32, _ element: @autoclosure () -> [UInt8]?) -> [UInt8] {
            Self.array(type, (0..<count).map { _ in element() })
        }
        let parameters = [
            Array(ServerEvents.aggregateType.utf8), Self.bytes(of: UUID()), Self.bytes(-3 as Int64),
            array(2950, Self.bytes(of: UUID())), array(25, Array(ServerEvents.type.utf8)),
            array(20, Self.bytes(1 as Int64)), array(1184, Self.bytes(0 as Int64)), array(21, Self.bytes(0 as Int16)),
            array(21, Self.bytes(1 as Int16)), array(25, nil), array(17, []), array(17, payload),
        ]
        guard run("append", parameters, { PQntuples($0) }) == 1 else { throw failure() }
    }

    /// Loads a stream and copies every field.
    func load(_ stream: StreamID, of count: Int) throws {
        let parameters = [
            Array(stream.aggregateType.utf8), Self.bytes(of: stream.id), Self.bytes(1 as Int64),
            Self.bytes(Int64.max), Self.bytes(256 as Int64), Self.bytes(65_536 as Int64),
        ]
        let copied = run("load", parameters) { result in
            var copy: [UInt8] = []
            for row in 0..<PQntuples(result) {
                for column in 0..<PQnfields(result) {
                    let field = UnsafeRawPointer(PQgetvalue(result, row, column))
                    copy.append(
                        contentsOf: UnsafeRawBufferPointer(start: field, count: Int(PQgetlength(result, row, column))))
                }
            }
            return Int(PQntuples(result)) == count ? copy.count : 0
        }
        guard copied > count * ServerEvents.payload.count else { throw failure() }
    }

    private func failure() -> BenchmarkError { BenchmarkError("libpq: \(String(cString: PQerrorMessage(connection)))") }

    private func prepare(_ name: String, _ sql: String) throws {
        let result = PQprepare(connection, name, sql, 0, nil)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure() }
    }

    private func run<Value>(_ name: String, _ parameters: [[UInt8]], _ body: (OpaquePointer?) -> Value) -> Value {
        let all = parameters.flatMap { $0 }
        return all.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { buffer in
                var offset = 0
                let values = parameters.map { parameter -> UnsafePointer<CChar>? in
                    defer { offset += parameter.count }
                    return buffer.baseAddress.map { $0 + offset }
                }
                let result = PQexecPrepared(
                    connection, name, Int32(parameters.count), values, parameters.map { Int32($0.count) },
                    parameters.map { _ in 1 }, 1)
                defer { PQclear(result) }
                return body(result)
            }
        }
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func bytes(of id: UUID) -> [UInt8] {
        withUnsafeBytes(of: id.uuid) { Array($0) }
    }

    /// An array of one dimension in PostgreSQL's binary form.
    private static func array(_ type: Int32, _ elements: [[UInt8]?]) -> [UInt8] {
        let hasNull: Int32 = elements.contains { $0 == nil } ? 1 : 0
        var encoded = [1, hasNull, type, Int32(elements.count), 1].flatMap { bytes($0) }
        for element in elements {
            encoded += bytes(element.map { Int32($0.count) } ?? -1)
            encoded += element ?? []
        }
        return encoded
    }
}
