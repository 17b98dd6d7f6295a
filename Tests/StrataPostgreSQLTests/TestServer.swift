#if PostgreSQL
import Foundation
import ServerTesting
import StrataPostgreSQL
import Testing

/// A server of PostgreSQL on loopback; Scripts/test-postgresql starts the shared one and stops all.
struct TestServer {
    /// Its connection string.
    let connection: String
    let directory: String

    /// Whether there are servers to test with.
    static var areAvailable: Bool { environment("STRATA_POSTGRESQL") != nil }

    /// The server of all tests that leave it as it is.
    static var shared: TestServer {
        TestServer(
            connection: environment("STRATA_POSTGRESQL") ?? "",
            directory: (environment("STRATA_POSTGRESQL_SERVERS") ?? "") + "/shared")
    }

    /// A server of one test's own.
    static func start(_ settings: String...) async throws -> TestServer {
        let directory = try #require(environment("STRATA_POSTGRESQL_SERVERS")) + "/" + UUID().uuidString
        let connection = try await run(["start", directory] + settings)
        return TestServer(connection: connection, directory: directory)
    }

    /// A replica of this server.
    func replica() async throws -> TestServer {
        let replica = directory + "-replica"
        let connection = try await Self.run(["replica", replica, directory])
        return TestServer(connection: connection, directory: replica)
    }

    func stop() async throws { try await Self.run(["stop", directory]) }

    /// Ends all of the server's processes, as a crash does.
    func kill() async throws { try await Self.run(["kill", directory]) }

    func restart(_ settings: String...) async throws { try await Self.run(["start", directory] + settings) }

    /// A pool of the test's own.
    func pool(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) -> PostgreSQLConnectionPool {
        var options = PostgreSQLOptions(connection)
        change(&options)
        return PostgreSQLConnectionPool(options)
    }

    private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Scripts/postgresql-server").path

    @discardableResult
    private static func run(_ arguments: [String]) async throws -> String {
        let ended = try await ChildProcess.run(script, arguments)
        try #require(ended.status == 0, "\(arguments): \(ended.output)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension PostgreSQLSchema {
    /// A schema that nobody else uses.
    static func unique() -> PostgreSQLSchema {
        PostgreSQLSchema("s" + UUID().uuidString.replacing("-", with: "").lowercased()) ?? .strata
    }

    /// A new schema that is ready for use.
    static func migrated(using pool: PostgreSQLConnectionPool) async throws -> PostgreSQLSchema {
        let schema = unique()
        try await schema.migrate(using: pool)
        return schema
    }
}
#endif
