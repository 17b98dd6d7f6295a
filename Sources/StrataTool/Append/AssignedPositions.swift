import EventSourcing

/// Which positions a store has given out, in the memory of those that came before their turn.
///
/// A store gives a new commit new positions; one that it knows already gets those of the first time.
struct AssignedPositions {
    /// All positions up to this one are given out.
    private var watermark: Position
    /// The first and the last positions of commits behind a gap.
    private var ahead: [Position: Position] = [:]

    /// - Parameter last: the last position that the store had given out before.
    init(through last: Position?) {
        watermark = last ?? 0
    }

    /// Takes note of a commit's positions.
    ///
    /// - Returns: whether they are new.
    mutating func insert(from first: Position, through last: Position) -> Bool {
        guard first > watermark, ahead[first] == nil else { return false }
        ahead[first] = last
        while let last = ahead.removeValue(forKey: Position(watermark.rawValue + 1)) { watermark = last }
        return true
    }
}
