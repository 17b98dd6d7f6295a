import EventSourcing
import Foundation
import StrataPostgreSQL

/// The store on PostgreSQL beside libpq with the same statements, and beside the reference's own store on the same server.
struct PostgreSQLRows {
    private static let client = "libpq"
    private static let reference = "eventsource-py"
    private static let target = Target.ratio(to: client, .atLeast(0.85))

    /// A connection string of a server.
    let connection: String

    var all: [Row] {
        [
            append("postgresql-append", "PostgreSQL: 1 writer, one event an append", targets: [Self.target]),
            append("postgresql-append-20", "PostgreSQL: 20 writers, one event an append", writers: 20),
            append(
                "postgresql-batch-100", "PostgreSQL: 1 writer, 100 events an append", batch: 100, targets: [Self.target]
            ),
            load,
        ]
    }

    private func append(_ id: String, _ title: String, writers: Int = 1, batch: Int = 1, targets: [Target] = []) -> Row
    {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: targets) { context in
            let repetition = Repetition(seconds: context.scale.seconds, sideBySide: writers, events: batch)
            let pool = PostgreSQLConnectionPool(PostgreSQLOptions(connection))
            let store = PostgreSQLEventStore(pool, schema: try await Self.schema(pool))
            let rawSchema = try await Self.schema(pool)
            let clients = try (0..<writers).map { _ in try LibPQClient(connection, schema: rawSchema.name) }
            return [
                Side(Side.strata, finish: { pool.close() }) {
                    try await repetition.byTasks { _ in
                        _ = try await store.append(
                            ServerEvents.make(batch), to: ServerEvents.newStream(), expecting: .noStream)
                    }
                },
                Side(Self.client) { try await repetition.byThreads { try clients[$0].append(batch) } },
            ] + (try reference("append \(writers) \(batch)", context))
        }
    }

    private var load: Row {
        Row(
            id: "postgresql-load", title: "PostgreSQL: loading streams of \(ServerEvents.streamLength) events",
            unit: .eventsPerSecond, targets: [Self.target]
        ) { context in
            let repetition = Repetition(seconds: context.scale.seconds, events: ServerEvents.streamLength)
            let pool = PostgreSQLConnectionPool(PostgreSQLOptions(connection))
            let schema = try await Self.schema(pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let (stream, _) = try await ServerEvents.fillStream(of: store)
            let client = try LibPQClient(connection, schema: schema.name)
            return [
                Side(Side.strata, finish: { pool.close() }) {
                    try await repetition.byTasks { _ in try await ServerEvents.load(stream, of: store) }
                },
                Side(Self.client) {
                    try await repetition.byThreads { _ in try client.load(stream, of: ServerEvents.streamLength) }
                },
            ] + (try reference("load \(ServerEvents.streamLength)", context))
        }
    }

    /// The reference's side: its script repeats an action for some seconds, and answers with events a second.
    private func reference(_ action: String, _ context: Context) throws -> [Side] {
        guard let python = context.python else { return [] }
        let library = try ReferenceLibrary(python: python, script: "postgresql.py", connection)
        return [
            Side(Self.reference, finish: { try library.close() }) {
                try await onThread { Round(value: try library.ask("\(context.scale.seconds) \(action)")) }
            }
        ]
    }

    /// An empty schema of a row's own.
    private static func schema(_ pool: PostgreSQLConnectionPool) async throws -> PostgreSQLSchema {
        let name = "b" + UUID().uuidString.replacing("-", with: "").lowercased()
        guard let schema = PostgreSQLSchema(name) else { throw BenchmarkError("\(name) is no name of a schema") }
        try await schema.migrate(using: pool)
        return schema
    }
}
