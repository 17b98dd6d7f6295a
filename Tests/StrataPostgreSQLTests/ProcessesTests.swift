#if PostgreSQL
import EventSourcing
import Foundation
import Testing

@testable import StrataPostgreSQL

extension PostgreSQLTests {
    /// Many processes and one store. `STRATA_SECONDS` says how long they append, `STRATA_SEED` repeats their choices.
    @Suite struct ProcessesTests {
        private static let seconds = environment("STRATA_SECONDS").flatMap(Double.init) ?? 5
        private static let seed = environment("STRATA_SEED").flatMap(UInt64.init) ?? .random(in: 0..<1 << 32)

        private let streams = (0..<50).map { _ in StreamID("Order", UUID()) }

        @Test func eightProcessesOnFiftyStreamsLoseDoubleAndReorderNothing() async throws {
            print("seed \(Self.seed), \(Self.seconds) s")
            let pool = TestServer.shared.pool()
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let follower = Task {
                var seen: [RecordedEvent] = []
                for try await batch in store.follow() { seen += batch }
                return seen
            }
            let writers = try await Writers.run(
                8, on: .shared, schema, streams: streams, seconds: Self.seconds, seed: Self.seed)
            let feed = try await store.readAll().collect()
            writers.check(feed)
            #expect(writers.failed.isEmpty && writers.unknown.isEmpty)
            #expect(writers.conflicts > 0)
            #expect(!feed.isEmpty)
            print("\(writers.stored.count) appends, \(feed.count) events, \(writers.conflicts) conflicts")

            // The follower has an end once it has seen one more.
            let last = NewEvent.sample()
            _ = try await store.append([last], to: .sample(), expecting: .noStream)
            var caughtUp: [RecordedEvent] = []
            for try await batch in store.follow() {
                caughtUp += batch
                if caughtUp.last?.id == last.id { break }
            }
            #expect(caughtUp.dropLast().map(\.id) == feed.map(\.id))
            follower.cancel()
            #expect(try await follower.value.map(\.id).starts(with: feed.map(\.id)))
            pool.close()
        }

        @Test func aServerThatCrashesBesideAppendsLosesNothingThatWasAcknowledged() async throws {
            print("seed \(Self.seed)")
            let server = try await TestServer.start()
            let pool = server.pool()
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let store = PostgreSQLEventStore(pool, schema: schema)
            let streams = Array(streams.prefix(10))
            let running = Task {
                try await Writers.run(4, on: server, schema, streams: streams, seconds: Self.seconds, seed: Self.seed)
            }
            // Once something was stored; a machine that is too busy for that has nothing to lose yet.
            let end = ContinuousClock.now + .seconds(Self.seconds)
            for _ in 0..<2 {
                let before = try await store.currentPosition()
                while try await store.currentPosition() == before, .now < end {
                    try await Task.sleep(for: .milliseconds(10))
                }
                try await server.kill()
                try await server.restart()
            }
            let writers = try await running.value
            writers.check(try await store.readAll().collect())
            print("\(writers.stored.count) appends, \(writers.failed.count) failed, \(writers.unknown.count) unknown")
            pool.close()
            try await server.stop()
        }

        private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    }
}
#endif
