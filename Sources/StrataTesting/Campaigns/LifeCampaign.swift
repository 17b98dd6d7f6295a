/// One long life of a store a unit.
struct LifeCampaign: Campaign {
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    func run(unit: Int) async throws -> Tally {
        let seed = seed &+ UInt64(unit)
        var randomness = SeededRandomness(seed: ~seed)
        let schedule = randomness.isOne(in: 2) ? Schedule(seed: randomness.next()) : nil
        return try await SimulatedThread.run(schedule) {
            var life = Life(seed: seed)
            if schedule != nil { life.takeTurns() }
            try await life.run(operations: 10_000)
            return life.tally
        }
    }
}
