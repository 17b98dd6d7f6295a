import Foundation

/// Draws ranks of which the k-th comes up with a frequency proportional to 1/k: few streams get most events.
///
/// Walker's alias method: each draw takes one random number and one look into a table.
struct ZipfDistribution: Sendable {
    private var thresholds: [UInt32]
    private var aliases: [UInt32]

    init(count: Int) {
        let weights = (1...count).map { 1 / Double($0) }
        let sum = weights.reduce(0, +)
        var scaled = weights.map { $0 / sum * Double(count) }
        thresholds = Array(repeating: .max, count: count)
        aliases = (0..<UInt32(count)).map { $0 }
        var small = scaled.indices.filter { scaled[$0] < 1 }
        var large = scaled.indices.filter { scaled[$0] >= 1 }
        while let less = small.popLast(), let more = large.popLast() {
            thresholds[less] = UInt32(scaled[less] * Double(UInt32.max))
            aliases[less] = UInt32(more)
            scaled[more] -= 1 - scaled[less]
            if scaled[more] < 1 { small.append(more) } else { large.append(more) }
        }
    }

    func draw(_ randomness: inout Randomness) -> Int {
        let number = randomness.next()
        let slot = Int((number >> 32) * UInt64(thresholds.count) >> 32)
        return UInt32(truncatingIfNeeded: number) <= thresholds[slot] ? slot : Int(aliases[slot])
    }
}
