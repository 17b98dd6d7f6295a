/// What was tried, and what came of it.
package struct Tally: Sendable {
    /// How many cases were checked.
    package var cases = 0
    /// Further counts by what they count, such as `deaths` or `harmless`.
    package var counts: [String: Int] = [:]
    package var findings: [Finding] = []

    package init() {}

    package mutating func count(_ what: String, _ number: Int = 1) {
        counts[what, default: 0] += number
    }

    package static func += (left: inout Tally, right: Tally) {
        left.cases += right.cases
        left.counts.merge(right.counts, uniquingKeysWith: +)
        left.findings += right.findings
    }
}

/// A promise that was found broken, and what replays it.
package struct Finding: Sendable {
    package let campaign: CampaignName
    package let seed: UInt64
    package let unit: Int
    package let violation: String
}
