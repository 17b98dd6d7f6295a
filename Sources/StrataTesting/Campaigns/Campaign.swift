/// Trials of one kind, cut into units that can be run in any order, on any thread, and each of them again.
package protocol Campaign: Sendable {
    /// How many units there are; nil where there is no end of them.
    var units: Int? { get }

    /// Runs one unit, which the campaign's seed and its number determine.
    ///
    /// - Returns: what was checked.
    /// - Throws: the first ``Violation``.
    func run(unit: Int) async throws -> Tally
}

extension Campaign {
    package var units: Int? { nil }
}

/// How much a campaign does in a unit, and of how many.
package enum CampaignScale: String, CaseIterable, Sendable {
    /// A sample for every change of the engine: minutes for all campaigns together.
    case short
    /// Everything that there is, or a very large sample of it.
    case long
}
