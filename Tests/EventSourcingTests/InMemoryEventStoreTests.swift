import EventSourcing
import EventSourcingTesting
import Foundation
import Synchronization
import Testing

struct InMemoryEventStoreTests {
    private let stream = StreamID("Order", UUID())

    @Test(arguments: EventStoreContract.requirements)
    func keepsTheContract(_ requirement: EventStoreContract.Requirement) async throws {
        try await requirement.check { InMemoryEventStore() }
    }

    @Test(arguments: EventStoreContract.requirements)
    func keepsTheContractWhereTheClockStandsStill(_ requirement: EventStoreContract.Requirement) async throws {
        try await requirement.check { InMemoryEventStore { .distantPast } }
    }

    @Test(arguments: CopyableStoreContract.requirements)
    func keepsTheContractOfCopying(_ requirement: CopyableStoreContract.Requirement) async throws {
        try await requirement.check { InMemoryEventStore() }
    }

    @Test func stampsEventsByItsClock() async throws {
        let now = try #require(Timestamp(rfc3339: "2024-05-17T12:00:00.000000001Z"))
        let store = InMemoryEventStore { now }
        _ = try await store.append([event(), event()], to: stream, expecting: .any)
        let instants = try await store.readStream(stream).collect().map(\.storedAt)
        #expect(instants == [now, now])
    }

    @Test func readsItsClockOnceAnAppend() async throws {
        let reads = Mutex(0)
        let store = InMemoryEventStore {
            reads.withLock { $0 += 1 }
            return .distantPast
        }
        _ = try await store.append([event(), event(), event()], to: stream, expecting: .any)
        #expect(reads.withLock { $0 } == 1)
    }

    @Test func storedAtStandsStillWhileTheClockGoesBackwards() async throws {
        let store = storeStampingSeconds([30, 10, 20, 40])
        for _ in 1...4 { _ = try await store.append([event()], to: stream, expecting: .any) }
        let instants = try await store.readAll().collect().map(\.storedAt.seconds)
        #expect(instants == [30, 30, 30, 40])
    }

    @Test(arguments: [5: [2, 3, 4], 10: [2, 3, 4], 11: [3, 4], 20: [3, 4], 21: [4], 31: []])
    func aCategoryBeginsAtAnInstant(seconds: Int, versions: [Int]) async throws {
        let store = storeStampingSeconds([0, 10, 20, 30])
        for _ in 1...4 { _ = try await store.append([event()], to: stream, expecting: .any) }
        let from = try #require(Timestamp(seconds: Int64(seconds), nanoseconds: 0))
        let found = try await store.readCategory("Order", from: from).collect().map(\.version)
        #expect(found == versions)
    }

    @Test func promisesNoDurability() async throws {
        let result = try await InMemoryEventStore().append([event()], to: stream, expecting: .any)
        #expect(result.durability == .volatile)
    }

    @Test func givesBatchesOfBoundedSize() async throws {
        let store = InMemoryEventStore()
        _ = try await store.append((1...1_100).map { _ in event() }, to: stream, expecting: .any)
        var sizes: [Int] = []
        for try await batch in store.readAll() { sizes.append(batch.count) }
        #expect(sizes == [512, 512, 76])
    }

    private func event() -> NewEvent {
        NewEvent(type: "ItemAdded", payload: Bytes("{}"))
    }

    private func storeStampingSeconds(_ seconds: [Int]) -> InMemoryEventStore {
        let next = Mutex(seconds.makeIterator())
        return InMemoryEventStore {
            let seconds = next.withLock { $0.next() } ?? 0
            return Timestamp(seconds: Int64(seconds), nanoseconds: 0) ?? .distantPast
        }
    }
}
