#if PostgreSQL
import EventSourcing
import FoundationEssentials
import StrataPostgreSQL
import Testing

extension PostgreSQLTests {
    /// What a read holds in memory at once is bounded, however large the events are that come next.
    @Suite struct BatchTests {
        private static let longest = 16 << 20
        /// Many short events, so that the next statement asks for many rows; then long ones, and both in turn.
        private static let sizes =
            Array(repeating: 100, count: 300) + Array(repeating: 1 << 20, count: 20) + Array(repeating: 100, count: 300)
            + (0..<12).map { $0 % 3 == 0 ? 2 << 20 : 100 } + [EventLimits.payloadBytes, 100]

        @Test(arguments: [ReadDirection.forward, .backward])
        func batchesOfAStreamHoldAtMostSixteenMegabytes(_ direction: ReadDirection) async throws {
            try await check(direction) { store, stream in store.readStream(stream, direction: direction) }
        }

        @Test(arguments: [ReadDirection.forward, .backward])
        func batchesOfTheFeedHoldAtMostSixteenMegabytes(_ direction: ReadDirection) async throws {
            try await check(direction) { store, _ in store.readAll(direction: direction) }
        }

        @Test(arguments: [ReadDirection.forward, .backward])
        func batchesOfAFilteredFeedHoldAtMostSixteenMegabytes(_ direction: ReadDirection) async throws {
            let filter = EventFilter(eventTypes: ["Happened"])
            try await check(direction) { store, _ in store.readAll(direction: direction, filter: filter) }
        }

        private func check(
            _ direction: ReadDirection, _ read: (PostgreSQLEventStore, StreamID) -> EventBatches
        ) async throws {
            let pool = TestServer.shared.pool()
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let stream = StreamID.sample()
            let events = Self.sizes.map { size in
                NewEvent(type: "Happened", contentType: .binary, payload: Bytes(Array(repeating: 0, count: size)))
            }
            for half in [events[..<620], events[620...]] {
                _ = try await store.append(Array(half), to: stream, expecting: .any)
            }
            var ids: [UUID] = []
            for try await batch in read(store, stream) {
                #expect(batch.reduce(0) { $0 + $1.payload.count } <= Self.longest)
                ids += batch.map(\.id)
            }
            #expect(ids == (direction == .forward ? events : events.reversed()).map(\.id))
            pool.close()
        }
    }
}
#endif
