#if PostgreSQL
/// Why PostgreSQL could not do what was asked, and what to do about it.
///
/// Its ``code`` tells kinds apart, its ``message`` is for people and names the way out; neither contains payload bytes. The stores
/// behind the `EventSourcing` protocols throw `EventStoreError` with this error as its cause.
public struct PostgreSQLError: Error, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The connection string or a parameter is none that libpq understands.
        public static let invalidSettings = Code(description: "invalid_settings")
        /// No server answers there, or it is starting up or shutting down.
        public static let serverUnavailable = Code(description: "server_unavailable")
        /// The server has no connection left to give.
        public static let tooManyConnections = Code(description: "too_many_connections")
        /// The server does not accept the user or the password.
        public static let authenticationFailed = Code(description: "authentication_failed")
        /// The server has no such database.
        public static let databaseNotFound = Code(description: "database_not_found")
        /// TLS could not be agreed upon, or a certificate does not verify.
        public static let tlsFailed = Code(description: "tls_failed")
        /// The user may not do this.
        public static let permissionDenied = Code(description: "permission_denied")
        /// The connection was lost while the server worked on something.
        public static let connectionLost = Code(description: "connection_lost")
        /// All connections of the pool were busy for as long as a caller may wait.
        public static let poolExhausted = Code(description: "pool_exhausted")
        /// The pool is closed.
        public static let closed = Code(description: "closed")
        /// A statement took longer than it may, or somebody cancelled it.
        public static let statementTimeout = Code(description: "statement_timeout")
        /// A statement waited for a lock longer than it may.
        public static let lockTimeout = Code(description: "lock_timeout")
        /// The server only reads: a replica, or a primary set to read-only.
        public static let readOnlyServer = Code(description: "read_only_server")
        /// The server's disk is full.
        public static let storageFull = Code(description: "storage_full")
        /// The schema does not exist, or is not the store's.
        public static let schemaMissing = Code(description: "schema_missing")
        /// The schema is older than this library needs.
        public static let schemaOutdated = Code(description: "schema_outdated")
        /// The schema is newer than this library knows.
        public static let schemaTooNew = Code(description: "schema_too_new")
        /// The server rolled the transaction back because of others beside it; it can be repeated.
        public static let serializationFailure = Code(description: "serialization_failure")
        /// Any other error that the server reports; see ``PostgreSQLError/sqlState``.
        public static let serverError = Code(description: "server_error")
        /// The server's answer is not what the statement gives.
        public static let unexpectedResult = Code(description: "unexpected_result")

        private init(description: String) {
            self.description = description
        }
    }

    // Boxed, so that the results of functions that may throw it stay small.
    private final class Contents: Sendable {
        let code: Code
        let message: String
        let sqlState: String?
        let location: String

        init(code: Code, message: String, sqlState: String?, location: String) {
            self.code = code
            self.message = message
            self.sqlState = sqlState
            self.location = location
        }
    }

    private let contents: Contents

    init(_ code: Code, _ message: String, sqlState: String? = nil, fileID: String = #fileID, line: Int = #line) {
        contents = Contents(code: code, message: message, sqlState: sqlState, location: "\(fileID):\(line)")
    }

    /// The kind of the error.
    public var code: Code { contents.code }
    /// What went wrong and what to do, without a full stop.
    public var message: String { contents.message }
    /// The server's five-character code (PostgreSQL's documentation, appendix A), if it was the one to complain.
    public var sqlState: String? { contents.sqlState }
    /// Where in the source the error was made, as `Module/File.swift:line`.
    public var location: String { contents.location }

    /// Whether the same may succeed a little later without anybody doing anything.
    public var isTransient: Bool {
        [.serverUnavailable, .tooManyConnections, .connectionLost, .serializationFailure].contains(code)
    }
}

extension PostgreSQLError: CustomStringConvertible {
    /// One line: the code, the message and the server's code.
    public var description: String {
        "\(code): \(message)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
    }
}

extension PostgreSQLError: CustomDebugStringConvertible {
    /// A tree of the error and its details.
    public var debugDescription: String {
        var lines = ["PostgreSQLError: \(code)", "├ message: \(message)"]
        if let sqlState { lines.append("├ SQLSTATE: \(sqlState)") }
        lines.append("└ at: \(location)")
        return lines.joined(separator: "\n")
    }
}
#endif
