#if PostgreSQL
import EventSourcing
import Testing

@testable import StrataPostgreSQL

extension PostgreSQLTests {
    /// What goes wrong around a store becomes an error that says what to do.
    @Suite struct FaultTests {
        private let server = TestServer.shared

        @Test func aWrongPasswordIsReported() async throws {
            let error = try await refusal { $0.parameters["password"] = "wrong" }
            #expect(error.code == .authenticationFailed)
            #expect(error.sqlState == "28P01")
            #expect(error.message.contains("check the user, the password"))
        }

        @Test func aDatabaseThatDoesNotExistIsReported() async throws {
            let error = try await refusal { $0.parameters["dbname"] = "nowhere" }
            #expect(error.code == .databaseNotFound)
            #expect(error.message.contains("create the database"))
        }

        @Test func aServerThatIsNotThereIsReported() async throws {
            let error = try await refusal {
                $0.parameters["port"] = "1"
                $0.acquireTimeout = .milliseconds(200)
            }
            #expect(error.code == .serverUnavailable)
            #expect(error.message.contains("check host and port"))
        }

        @Test func aParameterThatLibpqDoesNotKnowIsReported() async throws {
            #expect(try await refusal { $0.parameters["colour"] = "green" }.code == .invalidSettings)
        }

        @Test func aCertificateThatDoesNotVerifyIsReported() async throws {
            let error = try await refusal {
                $0.parameters["sslmode"] = "verify-full"
                $0.parameters["sslrootcert"] = "system-that-is-not-there.crt"
            }
            #expect(error.code == .tlsFailed)
            #expect(error.message.contains("sslrootcert"))
        }

        @Test func aConnectionIsEncryptedAndTheServerKnownByItsCertificate() async throws {
            let pool = server.pool {
                $0.parameters["sslmode"] = "verify-full"
                $0.parameters["sslrootcert"] = server.directory + "/server.crt"
            }
            let encrypted = try await pool.withConnection { connection throws(PostgreSQLError) in
                let sql = "SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"
                return try await connection.run(Command(Statement(sql))).int(0, 0)
            }
            #expect(encrypted == 1)
            pool.close()
        }

        @Test func aStatementThatTakesTooLongIsReported() async throws {
            let error = try await refusalOfAnAppendBesideAnOpenOne { $0.statementTimeout = .milliseconds(200) }
            #expect(error.code == .statementTimeout)
            #expect(error.message.contains("raise statementTimeout"))
        }

        @Test func anAppendThatWaitsTooLongForAnotherIsReported() async throws {
            let error = try await refusalOfAnAppendBesideAnOpenOne { $0.lockTimeout = .milliseconds(200) }
            #expect(error.code == .lockTimeout)
            #expect(error.message.contains("pg_locks"))
        }

        @Test func aUserWithoutRightsIsReported() async throws {
            let pool = server.pool()
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let session = try await Session(server)
            try await session.run("CREATE ROLE \(schema.quoted) LOGIN PASSWORD 'secret'")
            try await session.run("GRANT USAGE ON SCHEMA \(schema.quoted) TO \(schema.quoted)")
            try await session.run("GRANT SELECT ON ALL TABLES IN SCHEMA \(schema.quoted) TO \(schema.quoted)")
            let reader = PostgreSQLEventStore(server.pool { $0.parameters["user"] = schema.name }, schema: schema)
            #expect(try await reader.currentPosition() == nil)
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await reader.append([.sample()], to: .sample(), expecting: .any)
            }
            #expect((error?.cause as? PostgreSQLError)?.code == .permissionDenied)
        }

        @Test func anAppendWhoseConnectionIsCutIsRepeatedAndStoredOnce() async throws {
            let pool = server.pool()
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let holder = try await Session(server)
            try await holder.run("BEGIN")
            try await holder.append(.sample(), to: .sample(), in: schema)
            let stream = StreamID.sample()
            let append = Task { try await store.append([.sample(), .sample()], to: stream, expecting: .noStream) }
            try await holder.waitForWaitingAppends(1, in: schema)
            try await holder.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND classid = '\(schema.quoted).events'::regclass
                """)
            try await holder.run("COMMIT")
            #expect(try await append.value.version == 2)
            #expect(try await store.readStream(stream).collect().map(\.version) == [1, 2])
        }

        @Test func anAppendIsUnknownWhereTheServerGoesAwayForLong() async throws {
            let server = try await TestServer.start()
            let pool = server.pool {
                $0.acquireTimeout = .milliseconds(300)
                $0.reconnect.timeout = .milliseconds(300)
            }
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let holder = try await Session(server)
            try await holder.run("BEGIN")
            try await holder.append(.sample(), to: .sample(), in: schema)
            let event = NewEvent.sample()
            let stream = StreamID.sample()
            let append = Task { try await store.append([event], to: stream, expecting: .noStream) }
            try await holder.waitForWaitingAppends(1, in: schema)
            try await server.kill()
            let error = await #expect(throws: EventStoreError.self) { _ = try await append.value }
            #expect(error?.code == .outcomeUnknown)
            #expect(error?.message.contains("do the same again, with the same event ids") == true)

            try await server.restart()
            #expect(try await store.append([event], to: stream, expecting: .noStream).version == 1)
            #expect(try await store.readAll().collect().map(\.id) == [event.id])
            try await server.stop()
        }

        @Test func aReplicaReadsAndRefusesAppends() async throws {
            let primary = try await TestServer.start()
            let pool = primary.pool()
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let writer = PostgreSQLEventStore(pool, schema: schema)
            let result = try await writer.append([.sample()], to: .sample(), expecting: .any)
            let replica = try await primary.replica()
            let store = PostgreSQLEventStore(replica.pool(), schema: schema)
            #expect(try await store.readAll().collect().map(\.position) == [result.lastPosition])
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.append([.sample()], to: .sample(), expecting: .any)
            }
            #expect(error?.code == .readOnly)
            #expect((error?.cause as? PostgreSQLError)?.code == .readOnlyServer)
            #expect(error?.message.contains("target_session_attrs=read-write") == true)

            let writing = replica.pool {
                $0.parameters["target_session_attrs"] = "read-write"
                $0.acquireTimeout = .milliseconds(200)
            }
            let refusal = await #expect(throws: PostgreSQLError.self) { try await writing.connect() }
            #expect(refusal?.code == .serverUnavailable)
            #expect(refusal?.message.contains("takes writes") == true)
            try await replica.stop()
            try await primary.stop()
        }

        private func refusal(_ change: (inout PostgreSQLOptions) -> Void) async throws -> PostgreSQLError {
            let pool = server.pool(change)
            return try #require(await #expect(throws: PostgreSQLError.self) { try await pool.connect() })
        }

        private func refusalOfAnAppendBesideAnOpenOne(
            _ change: (inout PostgreSQLOptions) -> Void
        ) async throws -> PostgreSQLError {
            let pool = server.pool(change)
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let holder = try await Session(server)
            try await holder.run("BEGIN")
            try await holder.append(.sample(), to: .sample(), in: schema)
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.append([.sample()], to: .sample(), expecting: .any)
            }
            try await holder.run("ROLLBACK")
            #expect(error?.code == .ioFailure)
            #expect(try await store.currentPosition() == nil)
            return try #require(error?.cause as? PostgreSQLError)
        }
    }
}
#endif
