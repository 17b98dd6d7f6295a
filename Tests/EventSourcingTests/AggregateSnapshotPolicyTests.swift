import EventSourcing
import FoundationEssentials
import Testing

struct AggregateSnapshotPolicyTests {
    @Test(arguments: [
        (0, 49, nil), (0, 50, 50), (0, 201, 200), (49, 50, 50), (50, 51, nil), (50, 99, nil), (99, 100, 100),
        (99, 260, 250), (100, 100, nil),
    ])
    func aSaveCallsForASnapshotAtTheLastMultipleItReaches(_ previous: Int, _ version: Int, _ expected: Int?) {
        #expect(SnapshotPolicy.sync(every: 50).snapshotVersion(savingFrom: previous, to: version) == expected)
        #expect(SnapshotPolicy.background(every: 50).snapshotVersion(savingFrom: previous, to: version) == expected)
        #expect(SnapshotPolicy.manual.snapshotVersion(savingFrom: previous, to: version) == nil)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 10, 50])
    func savesOfAnySizeLeaveTheSnapshotsThatCountingEventByEventGives(_ threshold: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let taken = Collected<Snapshot>()
        let snapshots = ScriptedSnapshotStore(beforeSave: { taken.append($0) })
        let repository = AggregateRepository<Tally>(
            store: InMemoryEventStore(), snapshotStore: snapshots, snapshotPolicy: .sync(every: threshold))
        var tally = repository.new()
        var expected: [Int] = []
        for _ in 0..<40 {
            let batch = Int.random(in: 1...3 * threshold, using: &generator)
            var due: Int?
            for version in tally.version + 1...tally.version + batch where version % threshold == 0 { due = version }
            if let due { expected.append(due) }
            try tally.count(to: tally.version + batch)
            try await repository.save(&tally)

            #expect(taken.all.map(\.version) == expected, "seed \(seed)")
            let loaded = try await repository.load(tally.id)
            #expect(loaded.state.amounts == Array(1...tally.version), "seed \(seed)")
        }
        for snapshot in taken.all {
            let state = try JSONEventCodec().decodeState(Tally.self, from: snapshot.state)
            #expect(state.amounts == Array(1...snapshot.version), "seed \(seed)")
        }
    }
}
