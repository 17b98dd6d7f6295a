import EventSourcing
import FoundationEssentials
import OrderExample
import Testing

struct AggregateExecuteTests {
    private let delays = Collected<Duration>()

    private func policy(attempts: Int) -> RetryPolicy {
        let delays = delays
        return RetryPolicy(
            attempts: attempts, firstDelay: .milliseconds(10), longestDelay: .milliseconds(35), jitter: { 0.5 },
            sleep: { delays.append($0) })
    }

    /// A store in which a competitor gets ahead of the first appends.
    private func contested(appends: Int) -> InterceptedEventStore {
        InterceptedEventStore { base, stream, attempt throws(EventStoreError) in
            guard attempt <= appends else { return }
            let event = try EventRegistry(of: TallyEvent.self).encode(TallyEvent.added(amount: 100))
            _ = try await base.append([event], to: stream, expecting: .any)
        }
    }

    @Test func runsTheCommandAndSavesWhatItRecorded() async throws {
        let repository = AggregateRepository<Tally>(store: InMemoryEventStore())
        let id = UUID()
        let amounts = try await repository.execute(on: id) { tally in
            try tally.add(1)
            try tally.add(2)
            return tally.state.amounts
        }
        #expect(amounts == [1, 2])
        #expect(try await repository.load(id).state.amounts == [1, 2])
    }

    @Test func afterConflictsTheCommandSeesWhatTheOthersDid() async throws {
        let repository = AggregateRepository<Tally>(store: contested(appends: 2), retryPolicy: policy(attempts: 3))
        let id = UUID()
        let seen = Collected<[Int]>()
        try await repository.execute(on: id) { tally in
            seen.append(tally.state.amounts)
            try tally.add(1)
        }
        #expect(seen.all == [[], [100], [100, 100]])
        #expect(try await repository.load(id).state.amounts == [100, 100, 1])
    }

    @Test func givesUpWithTheConflictWhenTheAttemptsAreUsedUp() async throws {
        let store = contested(appends: .max)
        let repository = AggregateRepository<Tally>(store: store, retryPolicy: policy(attempts: 5))
        let error = try await #require(throws: EventStoreError.self) {
            try await repository.execute(on: UUID()) { try $0.add(1) }
        }
        #expect(error.code == .versionConflict)
        #expect(store.appendCount == 5)
    }

    @Test func delaysDoubleUpToTheLongestTimesTheJitter() async throws {
        let repository = AggregateRepository<Tally>(store: contested(appends: .max), retryPolicy: policy(attempts: 5))
        _ = try? await repository.execute(on: UUID()) { try $0.add(1) }
        #expect(delays.all == [.milliseconds(5), .milliseconds(10), .milliseconds(17.5), .milliseconds(17.5)])
    }

    @Test func oneAttemptIsWithoutRepetition() async throws {
        let store = contested(appends: 1)
        let repository = AggregateRepository<Tally>(store: store, retryPolicy: policy(attempts: 1))
        await #expect(throws: EventStoreError.self) { try await repository.execute(on: UUID()) { try $0.add(1) } }
        #expect(store.appendCount == 1)
    }

    @Test func theErrorOfTheDomainComesOutAsItselfAndNothingIsStored() async throws {
        let store = InterceptedEventStore()
        let repository = AggregateRepository<Tally>(store: store)
        await #expect(throws: TallyError.negative) {
            try await repository.execute(on: UUID()) { tally in
                try tally.add(1)
                try tally.add(-1)
            }
        }
        #expect(store.appendCount == 0)
    }

    @Test func otherErrorsOfTheStoreAreNotRepeated() async throws {
        let store = InterceptedEventStore { _, _, _ throws(EventStoreError) in
            throw EventStoreError(.storageFull, "full")
        }
        let repository = AggregateRepository<Tally>(store: store, retryPolicy: policy(attempts: 5))
        let error = try await #require(throws: EventStoreError.self) {
            try await repository.execute(on: UUID()) { try $0.add(1) }
        }
        #expect(error.code == .storageFull)
        #expect(store.appendCount == 1)
    }

    @Test func aCancelledTaskStopsBetweenTwoAttempts() async throws {
        let store = contested(appends: .max)
        let repository = AggregateRepository<Tally>(
            store: store, retryPolicy: RetryPolicy(attempts: 100, firstDelay: .seconds(3600), jitter: { 1 }))
        let task = Task { try await repository.execute(on: UUID()) { try $0.add(1) } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(store.appendCount == 1)
    }

    @Test func metadataAccompaniesTheEvents() async throws {
        let store = InMemoryEventStore()
        let id = UUID()
        try await AggregateRepository<Tally>(store: store)
            .execute(on: id, metadata: EventMetadata(tenantID: "t")) { try $0.add(1) }
        let events = try await store.readStream(StreamID("Tally", id)).collect()
        #expect(events.map(\.metadata.tenantID) == ["t"])
    }

    @Test func competingCommandsAllTakePlace() async throws {
        let policy = RetryPolicy(attempts: 1000, sleep: { _ in await Task.yield() })
        let repository = AggregateRepository<Tally>(store: InMemoryEventStore(), retryPolicy: policy)
        let id = UUID()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { try await repository.execute(on: id) { try $0.add(number) } }
            }
            try await group.waitForAll()
        }
        #expect(try await repository.load(id).state.amounts.sorted() == Array(0..<50))
    }

    @Test func theOrderIsCreatedAndFilledByCommandsAlone() async throws {
        let repository = AggregateRepository<Order>(store: InMemoryEventStore())
        let id = UUID()
        await #expect(throws: OrderError.notCreated) { try await repository.execute(on: id) { try $0.submit() } }
        try await repository.execute(on: id) { try $0.create(customerID: UUID(), customerEmail: "a@example.com") }
        try await repository.execute(on: id) { try $0.addItem(UUID(), "Widget", quantity: 2, unitPrice: 3) }
        try await repository.execute(on: id) { try $0.submit() }
        #expect(try await repository.load(id).state.totalAmount == 6)
    }
}
