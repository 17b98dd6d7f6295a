import EventSourcing
import FoundationEssentials
import Synchronization
import Testing

/// What repositories make of streams whose events were released.
struct AggregateReleaseTests {
    private let store = InMemoryEventStore()
    private let snapshots = InMemorySnapshotStore()

    private var repository: AggregateRepository<Tally> {
        AggregateRepository(store: store, snapshotStore: snapshots, snapshotPolicy: .sync(every: 5))
    }

    private func codeOfLoading(_ id: UUID) async -> EventStoreError.Code? {
        do throws(EventStoreError) {
            _ = try await repository.load(id)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func aStreamTruncatedBeforeItsSnapshotIsLoadedFromThat() async throws {
        let tally = try await repository.saved(countedTo: 7)
        try await store.truncate(tally.stream, before: 5, expecting: .any)
        let loaded = try await repository.load(tally.id)
        #expect(loaded.state.amounts == [1, 2, 3, 4, 5, 6, 7])
        #expect(loaded.version == 7)
        #expect(try await repository.exists(tally.id))
    }

    @Test func aStreamTruncatedWithoutASnapshotCannotBeLoaded() async throws {
        let tally = try await repository.saved(countedTo: 4)
        try await store.truncate(tally.stream, before: 3, expecting: .any)
        #expect(await codeOfLoading(tally.id) == .streamTruncated)
        await #expect(throws: EventStoreError.self) { try await repository.loadOrCreate(tally.id) }
    }

    @Test func aStreamTruncatedBehindItsSnapshotCannotBeLoaded() async throws {
        let tally = try await repository.saved(countedTo: 9)
        try await store.truncate(tally.stream, before: 8, expecting: .any)
        #expect(await codeOfLoading(tally.id) == .streamTruncated)
    }

    /// Another task has saved one and released what the one that was loaded is of.
    @Test func aSnapshotThatOvertookALoadIsUsedAndStays() async throws {
        let tally = try await repository.saved(countedTo: 7)
        let earlier = try #require(try await snapshots.latest(for: tally.stream))
        try await repository.execute(on: tally.id) { tally in for amount in 8...10 { try tally.add(amount) } }
        let later = try #require(try await snapshots.latest(for: tally.stream))
        #expect((earlier.version, later.version) == (5, 10))
        try await store.truncate(tally.stream, before: 10, expecting: .any)
        let shown = Mutex([earlier])
        var scripted = ScriptedSnapshotStore()
        try await scripted.base.save(later)
        scripted.latest = { _ in shown.withLock { $0.popLast() } ?? later }
        let repository = AggregateRepository<Tally>(store: store, snapshotStore: scripted)
        #expect(try await repository.load(tally.id).state.amounts == Array(1...10))
        #expect(try await scripted.base.latest(for: tally.stream) == later)
    }

    /// Another task takes a snapshot and releases what it stands in for while an aggregate is loaded.
    @Test(arguments: [OvertakenEventStore.Moment.beforeTheFirstBatch, .behindTheFirstBatch])
    func aLoadThatAReleaseOvertakesBeginsAnew(at moment: OvertakenEventStore.Moment) async throws {
        let writer = repository
        let tally = try await writer.saved(countedTo: 4)
        try await writer.execute(on: tally.id) { tally in for amount in 5...12 { try tally.add(amount) } }
        let later = try #require(try await snapshots.latest(for: tally.stream))
        #expect(later.version == 10)
        try await snapshots.delete(for: tally.stream)
        let overtaken = OvertakenEventStore(store, at: moment) { [snapshots] store async throws(EventStoreError) in
            try await snapshots.save(later)
            try await store.truncate(tally.stream, before: 10, expecting: .any)
        }
        let repository = AggregateRepository<Tally>(store: overtaken, snapshotStore: snapshots)
        #expect(try await repository.load(tally.id).state.amounts == Array(1...12))
        #expect(overtaken.isOvertaken)
    }

    /// Between the look at the stream and the deletion of a snapshot that cannot be used, another task has saved one, and
    /// released what it stands in for.
    @Test(arguments: [500, 3])
    func theOnlyStateIsNotDeletedForOneThatCannotBeUsed(version: Int) async throws {
        let tally = try await AggregateRepository<Tally>(store: store).saved(countedTo: 5)
        let useless = Snapshot(
            stream: tally.stream, version: version, schemaVersion: 1, createdAt: .now(),
            state: Bytes(version == 3 ? "none" : #"{"amounts":[77]}"#))
        try await snapshots.save(useless)
        let overtaken = OvertakenEventStore(store, at: .behindAStatus) {
            [snapshots] store async throws(EventStoreError) in
            try await snapshots.delete(for: tally.stream)
            try await AggregateRepository<Tally>(store: store, snapshotStore: snapshots).createSnapshot(of: tally)
            try await store.truncate(tally.stream, before: 5, expecting: .any)
        }
        let repository = AggregateRepository<Tally>(store: overtaken, snapshotStore: snapshots)
        #expect(try await repository.load(tally.id).state.amounts == Array(1...5))
        #expect(overtaken.isOvertaken)
        #expect(try await snapshots.latest(for: tally.stream)?.version == 5)
        #expect(try await self.repository.load(tally.id).state.amounts == Array(1...5))
    }

    /// Another process may have the codec.
    @Test func theSnapshotOfWhatIsLeftStaysWhereItCannotBeDecoded() async throws {
        let tally = try await repository.saved(countedTo: 5)
        let snapshot = try #require(try await snapshots.latest(for: tally.stream))
        try await snapshots.delete(for: tally.stream)
        try await snapshots.save(
            Snapshot(
                stream: snapshot.stream, version: snapshot.version, schemaVersion: snapshot.schemaVersion,
                createdAt: snapshot.createdAt, contentType: snapshot.contentType, state: Bytes("none")))
        try await store.truncate(tally.stream, before: 5, expecting: .any)
        #expect(await codeOfLoading(tally.id) == .streamTruncated)
        #expect(try await snapshots.exists(for: tally.stream))
    }

    @Test func aSoftlyDeletedAggregateIsAsIfItWereNotThere() async throws {
        let tally = try await repository.saved(countedTo: 7)
        try await store.delete(tally.stream, mode: .soft, expecting: .any)
        #expect(await codeOfLoading(tally.id) == .aggregateNotFound)
        #expect(try await !repository.exists(tally.id))
    }

    @Test func aSoftlyDeletedAggregateBeginsAnewWithoutItsOldState() async throws {
        let tally = try await repository.saved(countedTo: 7)
        try await store.delete(tally.stream, mode: .soft, expecting: .any)
        try await repository.execute(on: tally.id) { try $0.add(70) }
        try await repository.execute(on: tally.id) { try $0.add(71) }
        let loaded = try await repository.load(tally.id)
        #expect(loaded.state.amounts == [70, 71])
        #expect(loaded.version == 9)
        #expect(try await store.readStream(tally.stream).collect().map(\.version) == [8, 9])
    }

    @Test func aSnapshotOfAnEarlierLifeIsNotUsedInTheNext() async throws {
        let tally = try await repository.saved(countedTo: 5)
        let old = try #require(try await snapshots.latest(for: tally.stream))
        try await store.delete(tally.stream, mode: .soft, expecting: .any)
        try await repository.execute(on: tally.id) { try $0.add(70) }
        // It stands right before the first event of the next life.
        try await snapshots.save(old)
        #expect(try await repository.load(tally.id).state.amounts == [70])
    }

    @Test func aSecondLifeTruncatedWithoutASnapshotCannotBeLoaded() async throws {
        let tally = try await repository.saved(countedTo: 3)
        try await store.delete(tally.stream, mode: .soft, expecting: .any)
        for amount in 1...3 {
            _ = try await AggregateRepository<Tally>(store: store).execute(on: tally.id) { try $0.add(amount) }
        }
        try await store.truncate(tally.stream, before: 5, expecting: .any)
        let repository = AggregateRepository<Tally>(store: store)
        let error = try await #require(throws: EventStoreError.self) { try await repository.load(tally.id) }
        #expect(error.code == .streamTruncated)
    }

    @Test func anAggregateWithATombstoneFailsAsSuch() async throws {
        let tally = try await repository.saved(countedTo: 7)
        try await store.delete(tally.stream, mode: .tombstone, expecting: .any)
        #expect(await codeOfLoading(tally.id) == .streamDeleted)
        #expect(try await !repository.exists(tally.id))
        var stale = tally
        try stale.add(8)
        let error = try await #require(throws: EventStoreError.self) { try await repository.save(&stale) }
        #expect(error.code == .streamDeleted)
    }
}
