/// One long life of a store a unit.
struct LifeCampaign: Campaign {
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    var units: Int? { nil }

    func run(unit: Int) async throws -> Tally {
        var life = Life(seed: seed &+ UInt64(unit))
        try await life.run(operations: 10_000)
        return life.tally
    }
}
