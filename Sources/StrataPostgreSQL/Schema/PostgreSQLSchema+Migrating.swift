#if PostgreSQL
extension PostgreSQLSchema {
    /// The version that this library works with.
    public static var latestVersion: Int { Migration.all.count }

    /// The version that the schema has; 0 where it does not exist.
    public func version(using pool: PostgreSQLConnectionPool) async throws(PostgreSQLError) -> Int {
        try await pool.withConnection { connection throws(PostgreSQLError) in try await self.version(on: connection) }
    }

    /// Makes the schema, or brings it up to date, in one transaction.
    ///
    /// Any number of processes may do this at once: one does it, the others wait and find nothing left to do. Nothing of this
    /// happens without being asked for: the stores only look whether the version is right. The user needs the right to create
    /// a schema in the database, or, where the schema is there, to create tables in it.
    ///
    /// - Returns: the versions before and after.
    /// - Throws: ``PostgreSQLError/Code/schemaTooNew``, and whatever the server complains of; the schema is then as it was.
    @discardableResult
    public func migrate(
        using pool: PostgreSQLConnectionPool
    ) async throws(PostgreSQLError) -> (from: Int, to: Int) {
        try await pool.withConnection { connection throws(PostgreSQLError) in
            try await connection.run(Command(Statement("BEGIN")))
            do throws(PostgreSQLError) {
                let versions = try await self.migrate(on: connection)
                try await connection.run(Command(Statement("COMMIT")))
                return versions
            } catch {
                _ = try? await connection.run(Command(Statement("ROLLBACK")))
                throw error
            }
        }
    }

    private func migrate(on connection: Connection) async throws(PostgreSQLError) -> (from: Int, to: Int) {
        // A migration takes as long as the tables are large.
        for setting in ["statement_timeout", "lock_timeout"] {
            try await connection.run(Command(Statement("SET LOCAL \(setting) = 0")))
        }
        try await connection.run(
            Command(Statement("SELECT pg_advisory_xact_lock(hashtextextended('strata.migrate.\(name)', 0))")))
        let version = try await version(on: connection)
        guard version <= Self.latestVersion else { throw tooNew(version) }
        if version == 0 { try await create(on: connection) }
        for (index, migration) in Migration.all.enumerated().dropFirst(version) {
            var parameters = BinaryParameters()
            parameters.append(Int32(index + 1))
            parameters.append(migration.name)
            let record = "INSERT INTO \(quoted).migrations (version, name) VALUES ($1::int4, $2::text)"
            let commands = migration.statements(self).map { Command(Statement($0)) }
            _ = try await connection.run(commands + [Command(Statement(record), parameters)])
        }
        return (version, Self.latestVersion)
    }

    private func create(on connection: Connection) async throws(PostgreSQLError) {
        let exists = try await connection.run(
            Command(Statement("SELECT to_regnamespace('\(quoted)') IS NOT NULL")))
        // `IF NOT EXISTS` would ask for the right to create schemas even where there is nothing to create.
        if try !exists.boolean(0, 0) { try await connection.run(Command(Statement("CREATE SCHEMA \(quoted)"))) }
        let table = """
            CREATE TABLE IF NOT EXISTS \(quoted).migrations (
                version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
            """
        try await connection.run(Command(Statement(table)))
    }

    /// The version found on a connection, in one round trip more where there is a schema.
    func version(on connection: Connection) async throws(PostgreSQLError) -> Int {
        let table = try await connection.run(
            Command(Statement("SELECT to_regclass('\(quoted).migrations') IS NOT NULL")))
        guard try table.boolean(0, 0) else { return 0 }
        let version = try await connection.run(
            Command(Statement("SELECT coalesce(max(version), 0)::int4 FROM \(quoted).migrations")))
        return Int(try version.integer(0, 0, as: Int32.self))
    }

    /// Goes on only where the schema has the version that this library works with.
    func check(on connection: Connection) async throws(PostgreSQLError) {
        guard await !connection.hasChecked(name) else { return }
        let version = try await version(on: connection)
        switch version {
        case Self.latestVersion: await connection.markChecked(name)
        case 0:
            throw PostgreSQLError(
                .schemaMissing, "there is no store in schema \(name); make it with PostgreSQLSchema.migrate(using:)")
        case ..<Self.latestVersion:
            throw PostgreSQLError(
                .schemaOutdated,
                "schema \(name) has version \(version), this library needs \(Self.latestVersion); bring it up to date with "
                    + "PostgreSQLSchema.migrate(using:)")
        default: throw tooNew(version)
        }
    }

    private func tooNew(_ version: Int) -> PostgreSQLError {
        PostgreSQLError(
            .schemaTooNew,
            "schema \(name) has version \(version), this library knows \(Self.latestVersion); use a newer release")
    }
}
#endif
