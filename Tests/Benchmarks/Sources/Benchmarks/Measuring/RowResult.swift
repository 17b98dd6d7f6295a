/// The rounds of one side.
struct SideResult: Sendable {
    let name: String
    var rounds: [Round] = []

    var values: [Double] { rounds.map(\.value) }

    /// The rounds' figures of a name beside the main one.
    func details(_ name: String) -> [Double] { rounds.compactMap { $0.details[name] } }

    var detailNames: [String] { (rounds.first?.details.keys).map { $0.sorted() } ?? [] }
}

/// What was measured of a row.
struct RowResult: Sendable {
    let row: Row
    var sides: [SideResult]
    /// How long two processors took to hand each other a cache line and back before each round, in nanoseconds; empty
    /// where there are no two.
    ///
    /// A virtual machine's processors may share a cache at one time and not at another, and threads that wake each other
    /// are faster by half where they do: figures compare where this is the same.
    var exchanges: [Double] = []

    func side(_ name: String) -> SideResult? {
        sides.first { $0.name == name }
    }

    var peers: [SideResult] { sides.filter { $0.name != Side.strata && $0.name != Side.rawLimit } }

    /// The peer with the best median.
    var bestPeer: SideResult? {
        peers.max { left, right in
            let (left, right) = (Spread(left.values).median, Spread(right.values).median)
            return row.unit.isBetterWhenLess ? left > right : left < right
        }
    }

    /// Strata's figure divided by a side's, round by round.
    func ratios(to other: SideResult) -> [Double] {
        guard let strata = side(Side.strata) else { return [] }
        return zip(strata.values, other.values).map { $0 / max($1, 1e-12) }
    }

    /// How a target was met; nil where what it compares was not measured.
    func outcome(of target: Target) -> TargetOutcome? {
        let label: String
        let values: [Double]
        switch target.measure {
        case .value: (label, values) = ("", side(Side.strata)?.values ?? [])
        case .ratio(let name): (label, values) = ("of \(name)", side(name).map { ratios(to: $0) } ?? [])
        case .ratioToBestPeer:
            (label, values) = ("of best peer (\(bestPeer?.name ?? "none"))", bestPeer.map { ratios(to: $0) } ?? [])
        case .detail(let name): (label, values) = (name, side(Side.strata)?.details(name) ?? [])
        }
        guard !values.isEmpty else { return nil }
        return TargetOutcome(label: label, bound: target.bound, spread: Spread(values))
    }

    var outcomes: [TargetOutcome] { row.targets.compactMap(outcome) }
}

/// A target beside what was measured for it.
struct TargetOutcome: Sendable {
    let label: String
    let bound: Target.Bound
    let spread: Spread

    var isMet: Bool {
        switch bound {
        case .atLeast(let value): spread.median >= value
        case .atMost(let value): spread.median <= value
        }
    }
}

/// The smallest, the middle and the largest of some figures.
struct Spread: Sendable {
    let minimum: Double
    let median: Double
    let maximum: Double

    init(_ values: [Double]) {
        let sorted = values.sorted()
        minimum = sorted.first ?? .nan
        maximum = sorted.last ?? .nan
        let middle = sorted.count / 2
        median =
            sorted.isEmpty ? .nan : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
