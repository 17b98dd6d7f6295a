import Strata

/// One change of a store at rest a unit: every bit, byte, sector and shorter length of every file, in an order that the
/// seed determines.
struct BitRotCampaign: Campaign {
    private let store: RestingStore
    private let cases: [(file: String, rot: BitRot)]

    init(seed: UInt64) async throws {
        let store = try await RestingStore(seed: seed)
        var randomness = SeededRandomness(seed: seed)
        self.store = store
        cases = store.storage.storeFiles
            .flatMap { name, bytes in
                BitRot.all(bytes, formerContents: store.formerContents[name] ?? []).map { (file: name, rot: $0) }
            }
            .shuffled(using: &randomness)
    }

    var units: Int? { cases.count }

    func run(unit: Int) async throws -> Tally {
        let (name, rot) = cases[unit]
        var tally = Tally()
        var storage = store.storage
        tally.cases = 1
        guard var bytes = storage[file: name], rot.strike(&bytes) else {
            tally.count("without effect")
            return tally
        }
        // Whoever edits a file leaves a trace, and a medium leaves none.
        if unit.isMultiple(of: 2) { storage[file: name] = bytes } else { storage.decay(name, to: bytes) }
        let isSnapshots = name.hasPrefix("snapshots/")
        do {
            let finding = try await DamageCheck(
                storage, store.expectation, options: RestingStore.workload.options,
                mayLoseSnapshots: isSnapshots && rot.reachesBeyondOneFrame
            ).run()
            try require(finding != .cutShort || rot.reachesBeyondOneFrame, "events are lost, and nothing tells")
            tally.count("\(finding)")
        } catch {
            throw Violation("\(name), \(rot): \(error)")
        }
        return tally
    }
}
