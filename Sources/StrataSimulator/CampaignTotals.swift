import Foundation

/// What a run has tried, as a line of JSON.
struct CampaignTotals: Encodable {
    let campaign: String
    let seed: UInt64
    let cases: Int
    let units: Int
    let counts: [String: Int]
    let findings: Int
    let seconds: Double

    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
