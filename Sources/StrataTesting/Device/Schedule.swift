/// Decides whose turn it is among jobs that several threads would run beside each other, as a seed determines.
package struct Schedule: Sendable {
    private var randomness: SeededRandomness
    /// One of so many calls of the device lets others have turns.
    private let interval: Int
    /// Whether jobs overtake each other.
    private let isShuffled: Bool

    package init(seed: UInt64) {
        randomness = SeededRandomness(seed: seed)
        interval = [1, 3, 10][Int.random(in: 0..<3, using: &randomness)]
        isShuffled = randomness.isOne(in: 2)
    }

    /// How many turns others have before the next call of the device.
    mutating func nextTurns() -> Int {
        guard randomness.isOne(in: interval) else { return 0 }
        // An append takes some five, a rollover no more.
        return [2, 8, 30, 1_000][Int.random(in: 0..<4, using: &randomness)]
    }

    mutating func choose(from runnable: [Int]) -> Int? {
        isShuffled ? runnable.randomElement(using: &randomness) : runnable.first
    }
}
