#if PostgreSQL
import EventSourcing
import FoundationEssentials

@testable import StrataPostgreSQL

/// A connection of a test's own, for what stands beside the store: open transactions, locks, other tables.
struct Session {
    let connection: Connection

    init(_ server: TestServer) async throws {
        connection = try await Connection.open(PostgreSQLOptions(server.connection))
    }

    /// Runs a statement and gives the first row's first column.
    @discardableResult
    func run(_ sql: String) async throws -> Int? {
        let result = try await connection.run(Command(Statement(sql)))
        return result.count == 0 || result.length(0, 0) != 8 ? nil : try result.int(0, 0)
    }

    /// Appends within whatever transaction the session is in.
    func append(_ event: NewEvent, to stream: StreamID, in schema: PostgreSQLSchema) async throws {
        try await connection.run(
            Command(EventStatements(schema).append, .append([event], to: stream, expecting: .any)))
    }

    /// Waits until so many appends to a schema wait for their turn.
    func waitForWaitingAppends(_ count: Int, in schema: PostgreSQLSchema) async throws {
        try await wait {
            try await run(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND classid = '\(schema.quoted).events'::regclass
                """) == count
        }
    }

    /// Waits for something that comes true by itself.
    func wait(until condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
}

extension NewEvent {
    static func sample() -> NewEvent { NewEvent(type: "Happened", payload: Bytes("{}")) }
}

extension StreamID {
    static func sample() -> StreamID { StreamID("Order", UUID()) }
}
#endif
