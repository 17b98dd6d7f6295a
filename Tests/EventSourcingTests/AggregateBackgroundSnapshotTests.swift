import EventSourcing
import FoundationEssentials
import Testing

struct AggregateBackgroundSnapshotTests {
    private let gate = Gate()
    private let begun = Collected<Int>()

    /// A repository whose snapshots begin to be stored at once and are held back by the gate.
    private func held(every threshold: Int, in base: ScriptedSnapshotStore? = nil) -> AggregateRepository<Tally> {
        var snapshots = base ?? ScriptedSnapshotStore()
        let (gate, begun) = (gate, begun)
        snapshots.beforeSave = { snapshot throws(EventStoreError) in
            begun.append(snapshot.version)
            await gate.pass()
        }
        return AggregateRepository(
            store: InMemoryEventStore(), snapshotStore: snapshots, snapshotPolicy: .background(every: threshold))
    }

    @Test func aSaveReturnsBeforeItsSnapshotIsStored() async throws {
        let snapshots = ScriptedSnapshotStore()
        let repository = held(every: 5, in: snapshots)
        let tally = try await repository.saved(countedTo: 6)
        #expect(try await snapshots.latest(for: tally.stream) == nil)
        #expect(repository.pendingSnapshotCount == 1)
        gate.open()
        #expect(await repository.awaitPendingSnapshots() == 1)
        #expect(try await snapshots.latest(for: tally.stream)?.version == 5)
        #expect(repository.pendingSnapshotCount == 0)
        #expect(await repository.awaitPendingSnapshots() == 0)
    }

    @Test func aSnapshotCountsUntilSomeoneLooksEvenWhenItIsQuick() async throws {
        let saved = Collected<Int>()
        let repository = AggregateRepository<Tally>(
            store: InMemoryEventStore(), snapshotStore: ScriptedSnapshotStore(beforeSave: { saved.append($0.version) }),
            snapshotPolicy: .background(every: 1))
        for round in 1...200 {
            _ = try await repository.saved(countedTo: 1)
            if round.isMultiple(of: 2) { while saved.all.count < round { await Task.yield() } }
            #expect(repository.pendingSnapshotCount == 1)
            #expect(await repository.awaitPendingSnapshots() == 1)
        }
    }

    @Test func thoseOfSeveralAggregatesAreAllWaitedFor() async throws {
        let snapshots = ScriptedSnapshotStore()
        let repository = held(every: 1, in: snapshots)
        var streams: [StreamID] = []
        for _ in 0..<5 { streams.append(try await repository.saved(countedTo: 1).stream) }
        #expect(repository.pendingSnapshotCount == 5)
        gate.open()
        #expect(await repository.awaitPendingSnapshots() == 5)
        for stream in streams { #expect(try await snapshots.exists(for: stream)) }
    }

    @Test func finishedOnesAreForgottenByLaterSaves() async throws {
        let repository = AggregateRepository<Tally>(
            store: InMemoryEventStore(), snapshotStore: InMemorySnapshotStore(), snapshotPolicy: .background(every: 1))
        for _ in 0..<10 { _ = try await repository.saved(countedTo: 1) }
        for _ in 0..<10_000 where repository.pendingSnapshotCount > 1 {
            await Task.yield()
            _ = try await repository.saved(countedTo: 1)
        }
        #expect(repository.pendingSnapshotCount == 1)
    }

    @Test func thoseOfOneAggregateNeverGoBackwardsAndLeaveOutWhatIsOvertaken() async throws {
        let snapshots = ScriptedSnapshotStore()
        let repository = held(every: 1, in: snapshots)
        var tally = try await repository.saved(countedTo: 1)
        while begun.all.isEmpty { await Task.yield() }
        for version in 2...4 {
            try tally.count(to: version)
            try await repository.save(&tally)
        }
        // Chances for the next one to begin too early: more of them find more, none of them fails a correct order.
        for _ in 0..<1000 { await Task.yield() }
        #expect(begun.all == [1])
        gate.open()
        await repository.awaitPendingSnapshots()
        #expect(begun.all == [1, 4])
        #expect(try await snapshots.latest(for: tally.stream)?.version == 4)
    }

    @Test func aFailedOneIsOverAndFailsNothing() async throws {
        let repository = AggregateRepository<Tally>(
            store: InMemoryEventStore(),
            snapshotStore: ScriptedSnapshotStore(
                beforeSave: { _ throws(EventStoreError) in throw EventStoreError(.ioFailure, "no disk") }),
            snapshotPolicy: .background(every: 1))
        let tally = try await repository.saved(countedTo: 3)
        #expect(await repository.awaitPendingSnapshots() == 1)
        #expect(repository.pendingSnapshotCount == 0)
        #expect(try await repository.load(tally.id).version == 3)
    }
}
