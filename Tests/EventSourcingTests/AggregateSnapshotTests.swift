import EventSourcing
import FoundationEssentials
import Logging
import OrderExample
import Testing

struct AggregateSnapshotTests {
    private let store = InterceptedEventStore()
    private let snapshots = InMemorySnapshotStore()
    private let logs = Collected<(level: Logger.Level, text: String)>()

    private func repository(
        _ policy: SnapshotPolicy = .manual, _ snapshots: (any SnapshotStore)? = nil
    ) -> AggregateRepository<Tally> {
        AggregateRepository(
            store: store, snapshotStore: snapshots ?? self.snapshots, snapshotPolicy: policy,
            clock: { .distantPast }, logger: CollectingLogHandler.logger(logs))
    }

    private func snapshot(
        of stream: StreamID, version: Int, schemaVersion: Int = 1, contentType: ContentType = .json,
        _ state: String = #"{"amounts":[77]}"#
    ) -> Snapshot {
        Snapshot(
            stream: stream, version: version, schemaVersion: schemaVersion, createdAt: .now(),
            contentType: contentType, state: Bytes(state))
    }

    @Test func savesAcrossTheThresholdLeaveASnapshotOfThatVersion() async throws {
        let tally = try await repository(.sync(every: 5)).saved(countedTo: 13)
        let snapshot = try #require(try await snapshots.latest(for: tally.stream))
        #expect(
            snapshot
                == Snapshot(
                    stream: tally.stream, version: 10, schemaVersion: 1, createdAt: .distantPast,
                    state: Bytes(#"{"amounts":[1,2,3,4,5,6,7,8,9,10]}"#)))
    }

    @Test func savesBelowTheThresholdAndManualRepositoriesLeaveNone() async throws {
        let below = try await repository(.sync(every: 5)).saved(countedTo: 4)
        let manual = try await repository(.manual).saved(countedTo: 200)
        #expect(try await snapshots.latest(for: below.stream) == nil)
        #expect(try await snapshots.latest(for: manual.stream) == nil)
    }

    @Test func loadingStartsAtTheSnapshotAndAddsTheEventsBehindIt() async throws {
        let tally = try await repository().saved(countedTo: 12)
        try await snapshots.save(snapshot(of: tally.stream, version: 10))
        let loaded = try await repository().load(tally.id)
        #expect(loaded.version == 12)
        #expect(loaded.state.amounts == [77, 11, 12])
        #expect(store.lastQuery?.from == 10)
    }

    @Test func aSnapshotAtTheStreamsEndIsUsed() async throws {
        let tally = try await repository().saved(countedTo: 10)
        try await snapshots.save(snapshot(of: tally.stream, version: 10))
        let loaded = try await repository().load(tally.id)
        #expect(loaded.state.amounts == [77])
        #expect(loaded.version == 10)
    }

    @Test func aSnapshotOfAnotherSchemaVersionMeansFullReplayAndStays() async throws {
        let tally = try await repository().saved(countedTo: 3)
        try await snapshots.save(snapshot(of: tally.stream, version: 2, schemaVersion: 2))
        #expect(try await repository().load(tally.id).state.amounts == [1, 2, 3])
        #expect(try await snapshots.exists(for: tally.stream))
        #expect(logs.all.isEmpty)
    }

    @Test(arguments: [#"{"amounts":["secret"]}"#, "", "{", #"{"other":1}"#])
    func aSnapshotThatDoesNotDecodeMeansFullReplay(_ state: String) async throws {
        let tally = try await repository().saved(countedTo: 3)
        try await snapshots.save(snapshot(of: tally.stream, version: 2, state))
        #expect(try await repository().load(tally.id).state.amounts == [1, 2, 3])
        #expect(logs.all.map(\.level) == [.warning])
        #expect(!logs.all.contains { $0.text.contains("secret") })
    }

    @Test func aSnapshotOfAnUnknownContentTypeMeansFullReplay() async throws {
        let tally = try await repository().saved(countedTo: 3)
        try await snapshots.save(snapshot(of: tally.stream, version: 2, contentType: .protobuf))
        #expect(try await repository().load(tally.id).state.amounts == [1, 2, 3])
    }

    @Test func aSnapshotAheadOfItsStreamMeansFullReplay() async throws {
        let tally = try await repository().saved(countedTo: 3)
        try await snapshots.save(snapshot(of: tally.stream, version: 4))
        #expect(try await repository().load(tally.id).state.amounts == [1, 2, 3])
        #expect(logs.all.map(\.level) == [.warning])
    }

    @Test func aSnapshotOfAStreamThatIsGoneMeansANewAggregate() async throws {
        let id = UUID()
        try await snapshots.save(snapshot(of: StreamID("Tally", id), version: 4))
        let error = try await #require(throws: EventStoreError.self) { try await repository().load(id) }
        #expect(error.code == .aggregateNotFound)
    }

    @Test func aSnapshotThatCannotBeUsedMakesRoomForALowerOne() async throws {
        let tally = try await repository().saved(countedTo: 5)
        try await snapshots.save(snapshot(of: tally.stream, version: 500))
        let loaded = try await repository().load(tally.id)
        try await repository().createSnapshot(of: loaded)
        #expect(try await snapshots.latest(for: tally.stream)?.version == 5)
    }

    @Test func aSnapshotOfAnotherStreamOrAnImpossibleVersionMeansFullReplay() async throws {
        let tally = try await repository().saved(countedTo: 3)
        for wrong in [
            snapshot(of: StreamID("Tally", UUID()), version: 2), snapshot(of: tally.stream, version: 0),
            snapshot(of: tally.stream, version: -1),
        ] {
            let repository = repository(.manual, ScriptedSnapshotStore(latest: { _ in wrong }))
            #expect(try await repository.load(tally.id).state.amounts == [1, 2, 3])
        }
    }

    @Test func aFailingSnapshotStoreFailsNeitherSavesNorLoads() async throws {
        let failing = ScriptedSnapshotStore(
            beforeSave: { _ throws(EventStoreError) in throw EventStoreError(.ioFailure, "no disk") },
            latest: { _ throws(EventStoreError) in throw EventStoreError(.ioFailure, "no disk") })
        let repository = repository(.sync(every: 2), failing)
        var tally = try await repository.saved(countedTo: 4)
        #expect(tally.uncommittedEvents.isEmpty)
        try tally.count(to: 6)
        try await repository.save(&tally)
        for _ in 0..<2 { #expect(try await repository.load(tally.id).state.amounts == Array(1...6)) }
        #expect(logs.all.map(\.level) == [.warning, .debug, .warning, .debug])
        #expect(logs.all.allSatisfy { $0.text.contains("io_failure: no disk") })
    }

    @Test func aFailingEventStoreFailsTheSaveAndLeavesNoSnapshot() async throws {
        let full = InterceptedEventStore { _, _, _ throws(EventStoreError) in
            throw EventStoreError(.storageFull, "full")
        }
        let repository = AggregateRepository<Tally>(
            store: full, snapshotStore: snapshots, snapshotPolicy: .sync(every: 1))
        var tally = repository.new()
        try tally.add(1)
        let error = try await #require(throws: EventStoreError.self) { try await repository.save(&tally) }
        #expect(error.code == .storageFull)
        #expect(try await snapshots.exists(for: tally.stream) == false)
    }

    @Test func aManualSnapshotHoldsTheStoredEventsAlone() async throws {
        var tally = try await repository().saved(countedTo: 3)
        try tally.add(4)
        let snapshot = try await repository().createSnapshot(of: tally)
        #expect(snapshot.version == 3)
        #expect(snapshot.state == Bytes(#"{"amounts":[1,2,3]}"#))
        #expect(try await snapshots.latest(for: tally.stream) == snapshot)
    }

    @Test func aManualSnapshotNeedsAStoreAndAStoredEvent() async throws {
        let tally = try await repository().saved(countedTo: 1)
        let without = try await #require(throws: EventStoreError.self) {
            try await AggregateRepository<Tally>(store: store).createSnapshot(of: tally)
        }
        #expect(without.code == .unsupported)
        let empty = try await #require(throws: EventStoreError.self) {
            try await repository().createSnapshot(of: repository().new())
        }
        #expect(empty.code == .invalidArgument)
    }

    @Test func aManualSnapshotThatFailsSaysSo() async throws {
        let failing = ScriptedSnapshotStore(
            beforeSave: { _ throws(EventStoreError) in throw EventStoreError(.ioFailure, "no disk") })
        let tally = try await repository().saved(countedTo: 1)
        let error = try await #require(throws: EventStoreError.self) {
            try await repository(.manual, failing).createSnapshot(of: tally)
        }
        #expect(error.code == .ioFailure)
    }
}
