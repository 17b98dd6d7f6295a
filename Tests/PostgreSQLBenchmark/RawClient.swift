#if PostgreSQL
import CPostgreSQL
import EventSourcing
import Foundation

/// Libpq as its manual shows it: prepared statements with binary parameters, and a thread that blocks.
///
/// It runs the statements of the store and copies what comes, without making values of it.
final class RawClient {
    private let connection: OpaquePointer

    init(_ text: String, schema: String) {
        guard let connection = PQconnectdb(text), PQstatus(connection) == CONNECTION_OK else {
            fatalError("there is no connection to the server")
        }
        self.connection = connection
        for setting in ["enable_seqscan = off", "enable_hashjoin = off", "plan_cache_mode = force_generic_plan"] {
            PQclear(PQexec(connection, "SET \(setting)"))
        }
        prepare(
            "append",
            """
            SELECT a.outcome, a.at_version, a.at_position, a.taken,
                current_setting('fsync')::bool AND current_setting('synchronous_commit') <> 'off'
            FROM "\(schema)".append($1::text, $2::uuid, $3::bigint, $4::uuid[], $5::text[], $6::bigint[],
                $7::timestamptz[], $8::smallint[], $9::smallint[], $10::text[], $11::bytea[], $12::bytea[]) a
            """)
        prepare(
            "load",
            """
            SELECT e.position, e.version, e.stored_at, e.stored_nanoseconds, e.occurred_at, e.occurred_nanoseconds,
                e.schema_version, e.id, e.content_type, e.type, e.metadata, e.payload, e.aggregate_type, e.aggregate_id,
                (SELECT l.version FROM "\(schema)".events l WHERE l.aggregate_id = $2::uuid
                    AND l.aggregate_type = $1::text ORDER BY l.version DESC LIMIT 1)
            FROM "\(schema)".events e WHERE e.aggregate_id = $2::uuid AND e.aggregate_type = $1::text
                AND e.version BETWEEN $3::bigint AND $4::bigint ORDER BY e.version LIMIT $5::bigint
            """)
    }

    deinit {
        PQfinish(connection)
    }

    /// Appends one event of 256 bytes to a new stream.
    func append() {
        let parameters = [
            Array("Order".utf8), bytes(of: UUID()), bytes(-3 as Int64), array(2950, bytes(of: UUID())),
            array(25, Array("ItemAdded".utf8)), array(20, bytes(1 as Int64)), array(1184, bytes(0 as Int64)),
            array(21, bytes(0 as Int16)), array(21, bytes(1 as Int16)), array(25, nil), array(17, []),
            array(17, Array(repeating: UInt8(ascii: "1"), count: 256)),
        ]
        guard run("append", parameters, { PQntuples($0) }) == 1 else { fatalError("the append failed") }
    }

    /// Loads a stream of 200 events and copies every field.
    func load(_ stream: StreamID) {
        let parameters = [
            Array(stream.aggregateType.utf8), bytes(of: stream.id), bytes(1 as Int64), bytes(Int64.max),
            bytes(256 as Int64),
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
            return PQntuples(result) == 200 ? copy.count : 0
        }
        guard copied > 200 * 256 else { fatalError("events are missing") }
    }

    private func prepare(_ name: String, _ sql: String) {
        let result = PQprepare(connection, name, sql, 0, nil)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else {
            fatalError(String(cString: PQerrorMessage(connection)))
        }
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

    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private func bytes(of id: UUID) -> [UInt8] {
        withUnsafeBytes(of: id.uuid) { Array($0) }
    }

    /// An array of one element, or of one null.
    private func array(_ type: Int32, _ element: [UInt8]?) -> [UInt8] {
        let head = [1, element == nil ? 1 : 0, type, 1, 1, element.map { Int32($0.count) } ?? -1] as [Int32]
        return head.flatMap { bytes($0) } + (element ?? [])
    }
}
#endif
