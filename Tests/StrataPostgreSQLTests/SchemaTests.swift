#if PostgreSQL
import EventSourcing
import Testing

@testable import StrataPostgreSQL

extension PostgreSQLTests {
    @Suite struct SchemaTests {
        private let pool = TestServer.shared.pool()

        @Test func aSchemaIsMadeOnce() async throws {
            let schema = PostgreSQLSchema.unique()
            #expect(try await schema.version(using: pool) == 0)
            #expect(try await schema.migrate(using: pool) == (0, PostgreSQLSchema.latestVersion))
            #expect(try await schema.migrate(using: pool).from == PostgreSQLSchema.latestVersion)
            #expect(try await schema.version(using: pool) == PostgreSQLSchema.latestVersion)
        }

        @Test func manyProcessesMayMigrateAtOnce() async throws {
            let schema = PostgreSQLSchema.unique()
            let pool = pool
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await schema.migrate(using: pool).from } }
                var from: [Int] = []
                for try await version in group { from.append(version) }
                #expect(from.count { $0 == 0 } == 1)
            }
        }

        @Test func aMigrationGoesIntoASchemaThatIsThere() async throws {
            let schema = PostgreSQLSchema.unique()
            try await Session(.shared).run("CREATE SCHEMA \(schema.quoted)")
            #expect(try await schema.migrate(using: pool).from == 0)
        }

        @Test func storesOfTwoSchemasDoNotSeeEachOther() async throws {
            let one = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let other = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let event = NewEvent.sample()
            for store in [one, other] { _ = try await store.append([event], to: .sample(), expecting: .noStream) }
            #expect(try await one.readAll().collect().count == 1)
        }

        @Test func aMissingSchemaIsReportedWithTheWayOut() async throws {
            let error = try await refusal(by: .unique())
            #expect(error.code == .schemaMissing)
            #expect(error.message.contains("migrate(using:)"))
        }

        @Test func anOutdatedSchemaIsReportedWithTheWayOut() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            try await Session(.shared).run("DELETE FROM \(schema.quoted).migrations WHERE version > 1")
            let error = try await refusal(by: schema)
            #expect(error.code == .schemaOutdated)
            #expect(error.message.contains("migrate(using:)"))
        }

        @Test func aSchemaThatIsTooNewIsReportedWithTheWayOut() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            try await Session(.shared).run("INSERT INTO \(schema.quoted).migrations VALUES (1000, 'of the future')")
            let error = try await refusal(by: schema)
            #expect(error.code == .schemaTooNew)
            #expect(error.message.contains("newer release"))
            let migration = await #expect(throws: PostgreSQLError.self) { try await schema.migrate(using: pool) }
            #expect(migration?.code == .schemaTooNew)
        }

        @Test func aMigrationThatFailsLeavesNothing() async throws {
            let schema = PostgreSQLSchema.unique()
            let session = try await Session(.shared)
            try await session.run("CREATE SCHEMA \(schema.quoted)")
            try await session.run("CREATE TABLE \(schema.quoted).snapshots (nothing int)")
            await #expect(throws: PostgreSQLError.self) { try await schema.migrate(using: pool) }
            #expect(try await schema.version(using: pool) == 0)
            #expect(
                try await session.run(
                    "SELECT count(*) FROM pg_class WHERE relnamespace = '\(schema.quoted)'::regnamespace") == 1)
        }

        @Test(arguments: ["", "1st", "a-b", "a\"b", "é", String(repeating: "n", count: 49)])
        func namesThatNeedMoreThanLettersDigitsAndUnderscoresAreNone(_ name: String) {
            #expect(PostgreSQLSchema(name) == nil)
        }

        private func refusal(by schema: PostgreSQLSchema) async throws -> PostgreSQLError {
            let store = PostgreSQLEventStore(pool, schema: schema)
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.append([.sample()], to: .sample(), expecting: .any)
            }
            #expect(error?.code == .ioFailure)
            return try #require(error?.cause as? PostgreSQLError)
        }
    }
}
#endif
