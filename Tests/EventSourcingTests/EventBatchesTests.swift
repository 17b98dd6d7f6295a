import EventSourcing
import Foundation
import Testing

struct EventBatchesTests {
    private static let events = (1...5).map {
        RecordedEvent(
            NewEvent(type: "Opened", payload: Bytes("{}")), stream: StreamID("Order", UUID()), version: $0,
            position: Position($0), storedAt: .distantPast)
    }

    @Test func skipsEmptyBatches() async throws {
        var sizes: [Int] = []
        for try await batch in batches([[], [1, 2], [], [], [3], []]) { sizes.append(batch.count) }
        #expect(sizes == [2, 1])
    }

    @Test func flattensBatchesInOrder() async throws {
        var versions: [Int] = []
        for try await event in batches([[1, 2], [], [3], [4, 5]]).events { versions.append(event.version) }
        #expect(versions == [1, 2, 3, 4, 5])
    }

    @Test func collectsAllEvents() async throws {
        let versions = try await batches([[1], [2, 3]]).collect().map(\.version)
        #expect(versions == [1, 2, 3])
    }

    @Test func givesEventsAtHandInOneBatch() async throws {
        var batches = EventBatches(Self.events).makeAsyncIterator()
        let (first, second) = (try await batches.next(), try await batches.next())
        #expect(first == Self.events)
        #expect(second == nil)
    }

    @Test func isEmptyWithoutEvents() async throws {
        var batches = EventBatches([]).makeAsyncIterator()
        let first = try await batches.next()
        #expect(first == nil)
    }

    @Test func beginsAnewWithEachIteration() async throws {
        let batches = batches([[1, 2], [3]])
        let (first, second) = (try await batches.collect(), try await batches.collect())
        #expect(first == second)
    }

    @Test func failsWithTheErrorGiven() async {
        let error = await #expect(throws: EventStoreError.self) {
            _ = try await EventBatches(failing: EventStoreError(.closed, "the store is closed")).collect()
        }
        #expect(error?.code == .closed)
    }

    private func batches(_ versions: [[Int]]) -> EventBatches {
        EventBatches {
            var rest = versions.makeIterator()
            return { rest.next().map { $0.map { Self.events[$0 - 1] } } }
        }
    }
}
