#if PostgreSQL
extension PostgreSQLError {
    /// What the server complains about.
    ///
    /// - Parameters:
    ///   - sqlState: the server's code.
    ///   - message: the server's primary message.
    init(sqlState: String, message: String, fileID: String = #fileID, line: Int = #line) {
        let (code, advice) = Self.meaning(of: sqlState)
        self.init(
            code, advice.map { "\(message); \($0)" } ?? message, sqlState: sqlState, fileID: fileID, line: line)
    }

    private static func meaning(of sqlState: String) -> (Code, advice: String?) {
        switch sqlState {
        case "28P01", "28000":
            (.authenticationFailed, "check the user, the password (PGPASSWORD, ~/.pgpass) and the server's pg_hba.conf")
        case "3D000": (.databaseNotFound, "create the database, or name another one in the connection string")
        case "53300":
            (.tooManyConnections, "raise the server's max_connections, or lower poolSize and maxOverflow")
        case "57P03": (.serverUnavailable, "wait until the server has started")
        case "57P01", "57P02", "57P05":
            (.connectionLost, "the server ended the connection; it is made anew when needed")
        case "42501": (.permissionDenied, "grant the user what the schema's owner may")
        case "25006":
            (
                .readOnlyServer,
                "connect to the primary: name all servers as host and set target_session_attrs=read-write"
            )
        case "57014": (.statementTimeout, "raise statementTimeout, or find out what makes the statement wait")
        case "55P03":
            (.lockTimeout, "an open transaction holds the lock; find it in pg_locks, or raise lockTimeout")
        case "53100": (.storageFull, "make room on the server's disk")
        case "3F000", "42P01", "42883", "42703":
            (.schemaMissing, "bring the schema up to date with PostgreSQLSchema.migrate(using:)")
        case "40001", "40P01": (.serializationFailure, nil)
        default: (sqlState.hasPrefix("08") ? .connectionLost : .serverError, nil)
        }
    }

    /// Why no connection came about.
    ///
    /// - Parameter text: libpq's message, written with `PQERRORS_VERBOSE`: a complaint of the server then has its code
    ///   behind the severity, as in `FATAL:  28P01: password authentication failed`. Libpq itself has no codes.
    static func connecting(_ text: String) -> PostgreSQLError {
        let lines = text.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
        let message = lines.filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "; ")
        if let match = message.firstMatch(of: #/:  ([0-9A-Z]{5}): /#) {
            return PostgreSQLError(
                sqlState: String(match.output.1), message: message.replacing(match.output.0, with: ": "))
        }
        let isAboutTLS = ["SSL", "certificate", "TLS"].contains { message.contains($0) }
        if isAboutTLS {
            return PostgreSQLError(
                .tlsFailed, "\(message); check sslmode, sslrootcert, sslcert and sslkey, and the server's ssl setting")
        }
        if ["session is read-only", "hot standby mode"].contains(where: { message.contains($0) }) {
            return PostgreSQLError(
                .serverUnavailable, "\(message); no server named in the connection string takes writes at present")
        }
        if ["password supplied", "authentication"].contains(where: { message.contains($0) }) {
            return PostgreSQLError(
                .authenticationFailed, "\(message); give a password (PGPASSWORD, ~/.pgpass), or allow another way")
        }
        return PostgreSQLError(
            .serverUnavailable, "\(message); check host and port, and whether the server runs")
    }
}
#endif
