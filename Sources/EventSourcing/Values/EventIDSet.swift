/// A set of event ids: open addressing with linear probing, at most half full.
///
/// Beside `Set` it spares each id some hundreds of instructions of hashing, and appends ask it three times for each event.
/// Its hash takes a secret of the process, so that callers cannot choose ids that meet in one place.
package struct EventIDSet: Sendable {
    private static let leastSlots = 64
    /// A table that is larger is given back once it is empty.
    private static let mostIdleSlots = 1 << 14
    private static let secretOfProcess = UInt64.random(in: .min ... .max)

    private let secret = Self.secretOfProcess
    /// An id, or 0 where there is none. A power of two of them.
    private var slots: [UInt128] = []
    /// How many of the slots hold an id.
    private var used = 0
    private var holdsZero = false

    package init() {}

    /// An empty set with room for so many ids.
    package init(minimumCapacity: Int) {
        var count = Self.leastSlots
        while count < minimumCapacity * 2 { count *= 2 }
        slots = Array(repeating: 0, count: count)
    }

    package var isEmpty: Bool { used == 0 && !holdsZero }

    /// O(1) on average.
    package func contains(_ id: UInt128) -> Bool {
        guard id != 0 else { return holdsZero }
        guard used > 0 else { return false }
        return slots[place(of: id)] == id
    }

    /// Adds an id; returns whether it was not there. O(1) on average.
    @discardableResult
    package mutating func insert(_ id: UInt128) -> Bool {
        guard id != 0 else {
            defer { holdsZero = true }
            return !holdsZero
        }
        if (used + 1) * 2 > slots.count { grow() }
        let place = place(of: id)
        guard slots[place] == 0 else { return false }
        slots[place] = id
        used += 1
        return true
    }

    /// Takes an id out, if it is there. O(1) on average.
    package mutating func remove(_ id: UInt128) {
        guard id != 0 else { return holdsZero = false }
        guard used > 0 else { return }
        var hole = place(of: id)
        guard slots[hole] == id else { return }
        used -= 1
        guard used > 0 || slots.count <= Self.mostIdleSlots else { return slots = [] }
        // What follows without a gap moves up, unless that would be before its own first place.
        var next = hole
        while true {
            next = (next + 1) & (slots.count - 1)
            let moved = slots[next]
            guard moved != 0 else { break }
            let distance = (next &- firstPlace(of: moved)) & (slots.count - 1)
            if distance >= (next &- hole) & (slots.count - 1) {
                slots[hole] = moved
                hole = next
            }
        }
        slots[hole] = 0
    }

    package mutating func removeAll() {
        self = EventIDSet()
    }

    /// Where an id is, or would be.
    ///
    /// - Precondition: there are slots, and one of them is empty.
    @inline(__always)
    private func place(of id: UInt128) -> Int {
        var place = firstPlace(of: id)
        while slots[place] != 0, slots[place] != id { place = (place + 1) & (slots.count - 1) }
        return place
    }

    /// Source: the multiplication to twice the width, folded, as in wyhash (Wang Yi).
    @inline(__always)
    private func firstPlace(of id: UInt128) -> Int {
        let low = UInt64(truncatingIfNeeded: id) ^ secret
        let high = UInt64(truncatingIfNeeded: id >> 64) ^ 0x9E37_79B9_7F4A_7C15
        let product = low.multipliedFullWidth(by: high)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (slots.count - 1)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: max(Self.leastSlots, old.count * 2))
        for id in old where id != 0 { slots[place(of: id)] = id }
    }
}
