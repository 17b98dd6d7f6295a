import EventSourcing
import FoundationEssentials
import OrderExample
import Testing

struct AggregateRepositoryTests {
    private let store = InterceptedEventStore()

    private var repository: AggregateRepository<Tally> { AggregateRepository(store: store) }

    @Test func aRootCountsWhatIsNotStoredYet() throws {
        var tally = AggregateRoot<Tally>(id: UUID())
        #expect(tally.version == 0)
        try tally.add(5)
        try tally.add(6)
        #expect(tally.version == 2)
        #expect(tally.nextVersion == 3)
        #expect(tally.committedVersion == 0)
        #expect(tally.uncommittedEvents == [.added(amount: 5), .added(amount: 6)])
        #expect(tally.state.amounts == [5, 6])
    }

    @Test func whatWasSavedIsLoaded() async throws {
        var tally = try await repository.saved(countedTo: 3)
        #expect(tally.uncommittedEvents.isEmpty)
        #expect(tally.version == 3)
        try tally.add(9)
        try await repository.save(&tally)
        let loaded = try await repository.load(tally.id)
        #expect(loaded.version == 4)
        #expect(loaded.committedVersion == 4)
        #expect(loaded.state.amounts == [1, 2, 3, 9])
    }

    @Test func moreEventsThanABatchAreLoadedInOrder() async throws {
        let tally = try await repository.saved(countedTo: 1500)
        #expect(try await repository.load(tally.id).state.amounts == Array(1...1500))
    }

    @Test func savingNothingAppendsNothing() async throws {
        var tally = repository.new()
        #expect(try await repository.save(&tally) == nil)
        #expect(store.appendCount == 0)
    }

    @Test func eventsCarryTheMetadataAndTheirOwnTimes() async throws {
        var tally = repository.new()
        let id = UUID()
        tally.record(.cleared, id: id, occurredAt: .distantPast)
        let metadata = EventMetadata(correlationID: "c", causationID: "d", tenantID: "t", actor: "a")
        let result = try await repository.save(&tally, metadata: metadata)
        let event = try #require(try await store.base.event(withID: id))
        #expect(result?.version == 1)
        #expect(event.metadata == metadata)
        #expect(event.occurredAt == .distantPast)
        #expect(event.type == "TallyCleared")
    }

    @Test func anAggregateWithoutEventsIsNotFound() async throws {
        let id = UUID()
        let error = try await #require(throws: EventStoreError.self) { try await repository.load(id) }
        #expect(error.code == .aggregateNotFound)
        #expect(error.stream == StreamID("Tally", id))
        #expect(try await repository.loadOrCreate(id).version == 0)
        #expect(try await repository.exists(id) == false)
    }

    @Test func anAggregateWithEventsExists() async throws {
        let tally = try await repository.saved(countedTo: 1)
        #expect(try await repository.exists(tally.id))
        #expect(try await repository.loadOrCreate(tally.id).version == 1)
    }

    @Test func aConflictLeavesTheAggregateAsItWas() async throws {
        let tally = try await repository.saved(countedTo: 1)
        var mine = tally
        var theirs = tally
        try theirs.add(7)
        try await repository.save(&theirs)
        try mine.add(8)
        let error = try await #require(throws: EventStoreError.self) { try await repository.save(&mine) }
        #expect(error.code == .versionConflict)
        #expect(error.expectedVersion == .exactly(1))
        #expect(error.actualVersion == 2)
        #expect(mine.uncommittedEvents == [.added(amount: 8)])
        #expect(mine.version == 2)
        #expect(mine.committedVersion == 1)
    }

    @Test func twoThatBothCreateConflict() async throws {
        let id = UUID()
        var first = repository.new(id)
        var second = repository.new(id)
        try first.add(1)
        try second.add(2)
        try await repository.save(&first)
        let error = try await #require(throws: EventStoreError.self) { try await repository.save(&second) }
        #expect(error.code == .versionConflict)
    }

    @Test func savingAgainAfterAnUnknownOutcomeStoresTheEventsOnce() async throws {
        let store = InterceptedEventStore { _, _, _ throws(EventStoreError) in }
        let flaky = LosingEventStore(base: store)
        let repository = AggregateRepository<Tally>(store: flaky)
        var tally = repository.new()
        try tally.count(to: 2)
        let error = try await #require(throws: EventStoreError.self) { try await repository.save(&tally) }
        #expect(error.code == .outcomeUnknown)
        #expect(tally.uncommittedEvents.count == 2)
        try await AggregateRepository<Tally>(store: store).save(&tally)
        #expect(try await store.base.version(of: tally.stream) == 2)
    }

    @Test func anUnregisteredTypeIsNamedWhenSavingAndWhenLoading() async throws {
        let narrow = AggregateRepository<Tally>(store: store, registry: EventRegistry(of: OrderEvent.self))
        var tally = narrow.new()
        try tally.add(1)
        let saving = try await #require(throws: EventStoreError.self) { try await narrow.save(&tally) }
        #expect(saving.code == .unregisteredEventType)
        #expect(tally.uncommittedEvents.count == 1)
        #expect(store.appendCount == 0)

        let stored = try await repository.saved(countedTo: 1)
        let loading = try await #require(throws: EventStoreError.self) { try await narrow.load(stored.id) }
        #expect(loading.code == .unregisteredEventType)
        #expect(loading.message.contains("'TallyAdded'"))
    }

    @Test func oldEventsAreUpcastWhenLoading() async throws {
        var registry = EventRegistry(of: TallyEvent.self)
        try registry.registerUpcaster(of: "TallyIncremented", from: 0, renamingTo: "TallyAdded") { _ in
            Bytes(#"{"amount":1}"#)
        }
        let id = UUID()
        _ = try await store.append(
            [NewEvent(type: "TallyIncremented", schemaVersion: 0, payload: Bytes("{}"))], to: StreamID("Tally", id),
            expecting: .noStream)
        let repository = AggregateRepository<Tally>(store: store, registry: registry)
        #expect(try await repository.load(id).state.amounts == [1])
    }

    @Test func aStreamWithoutItsFirstEventsIsDamagedRatherThanMisread() async throws {
        let tally = try await repository.saved(countedTo: 5)
        let truncated = AggregateRepository<Tally>(store: TruncatedEventStore(base: store))
        let error = try await #require(throws: EventStoreError.self) { try await truncated.load(tally.id) }
        #expect(error.code == .damaged)
    }
}

/// Stores events and then loses the answer.
private struct LosingEventStore: EventAppending, StreamReading {
    let base: InterceptedEventStore

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        _ = try await base.append(events, to: stream, expecting: expected)
        throw EventStoreError(.outcomeUnknown, "the answer is lost")
    }

    func read(_ query: StreamQuery) -> EventBatches { base.read(query) }
    func version(of stream: StreamID) async throws(EventStoreError) -> Int { try await base.version(of: stream) }
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus { try await base.status(of: stream) }
}

/// Shows no events below version 3.
private struct TruncatedEventStore: EventAppending, StreamReading {
    let base: InterceptedEventStore

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try await base.append(events, to: stream, expecting: expected)
    }

    func read(_ query: StreamQuery) -> EventBatches {
        var query = query
        query.from = max(query.from ?? 1, 3)
        return base.read(query)
    }

    func version(of stream: StreamID) async throws(EventStoreError) -> Int { try await base.version(of: stream) }
    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus { try await base.status(of: stream) }
}
