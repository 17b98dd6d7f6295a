#if PostgreSQL
import EventSourcing
import FoundationEssentials
import Testing

@testable import StrataPostgreSQL

extension PostgreSQLTests {
    /// The feed never skips an event, whichever transaction commits late, and readers that wait are woken.
    @Suite struct FeedTests {
        private let server = TestServer.shared
        private let pool = TestServer.shared.pool()

        @Test func aTransactionHeldOpenLetsNoLaterEventOvertakeItsOwn() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let slow = try await Session(server)
            let observer = try await Session(server)
            let (first, second) = (NewEvent.sample(), NewEvent.sample())
            let follower = Task { try await collect(2, from: store.follow()) }

            try await slow.run("BEGIN")
            try await slow.append(first, to: .sample(), in: schema)
            let later = Task { try await store.append([second], to: .sample(), expecting: .noStream) }
            try await observer.waitForWaitingAppends(1, in: schema)
            #expect(try await store.readAll().collect().isEmpty)
            try await slow.run("COMMIT")

            _ = try await later.value
            #expect(try await store.readAll().collect().map(\.id) == [first.id, second.id])
            #expect(try await follower.value == [first.id, second.id])
        }

        /// What the test above would find with positions from a serial column.
        @Test func aReaderOfASerialColumnSkipsWhatCommitsLate() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let slow = try await Session(server)
            let quick = try await Session(server)
            try await quick.run("CREATE TABLE \(schema.quoted).serial (position bigserial PRIMARY KEY)")
            try await slow.run("BEGIN")
            try await slow.run("INSERT INTO \(schema.quoted).serial DEFAULT VALUES")
            try await quick.run("INSERT INTO \(schema.quoted).serial DEFAULT VALUES")
            let seen = try #require(try await quick.run("SELECT max(position) FROM \(schema.quoted).serial"))
            try await slow.run("COMMIT")
            #expect(try await quick.run("SELECT count(*) FROM \(schema.quoted).serial WHERE position > \(seen)") == 0)
            #expect(try await quick.run("SELECT count(*) FROM \(schema.quoted).serial WHERE position <= \(seen)") == 2)
        }

        @Test func aTransactionThatIsRolledBackLeavesAGapAndNothingElse() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let slow = try await Session(server)
            let event = NewEvent.sample()
            try await slow.run("BEGIN")
            try await slow.append(.sample(), to: .sample(), in: schema)
            let later = Task { try await store.append([event], to: .sample(), expecting: .noStream) }
            try await slow.waitForWaitingAppends(1, in: schema)
            try await slow.run("ROLLBACK")
            #expect(try await later.value.firstPosition == 2)
            #expect(try await store.readAll().collect().map(\.id) == [event.id])
        }

        @Test func anAppendIsNotified() async throws {
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let listening = try await Session(server)
            try await listening.run("LISTEN \"\(schema.channel)\"")
            _ = try await PostgreSQLEventStore(pool, schema: schema).append([.sample()], to: .sample(), expecting: .any)
            #expect(try await listening.connection.notification(until: .now + .seconds(60)))
        }

        @Test func aFollowerSeesWhatItsFilterAsksForOfOldAndNewEvents() async throws {
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            func append(_ type: String) async throws -> UUID {
                let event = NewEvent.sample()
                _ = try await store.append([event], to: StreamID(type, UUID()), expecting: .noStream)
                return event.id
            }
            var wanted = [try await append("Order")]
            _ = try await append("Invoice")
            let filter = EventFilter(aggregateTypes: ["Order", "Payment"])
            let follower = Task { try await collect(4, from: store.follow(filter: filter)) }
            for type in ["Invoice", "Payment", "Order", "Invoice", "Order"] {
                let id = try await append(type)
                if type != "Invoice" { wanted.append(id) }
            }
            #expect(try await follower.value == wanted)
        }

        @Test func aFollowerBehindTheLastPositionBeginsThere() async throws {
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let result = try await store.append([.sample(), .sample()], to: .sample(), expecting: .noStream)
            let follower = Task { try await collect(1, from: store.follow(after: result.lastPosition)) }
            let event = NewEvent.sample()
            _ = try await store.append([event], to: .sample(), expecting: .noStream)
            #expect(try await follower.value == [event.id])
        }

        @Test func aFollowerEndsWithItsTask() async throws {
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let follower = Task { try await store.follow().collect().count }
            await Task.yield()
            follower.cancel()
            #expect(try await follower.value == 0)
        }

        private func collect(_ count: Int, from read: EventBatches) async throws -> [UUID] {
            var ids: [UUID] = []
            for try await batch in read {
                ids += batch.map(\.id)
                if ids.count >= count { break }
            }
            return ids
        }
    }
}
#endif
