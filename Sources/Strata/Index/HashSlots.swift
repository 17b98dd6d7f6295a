/// A hash table of places in an array: open addressing with linear probing, at most two thirds full.
struct HashSlots: Sendable {
    /// A place plus one; 0 where there is none.
    private var slots: [UInt32] = []
    private var count = 0

    /// Bytes of memory.
    var memory: Int { slots.capacity * MemoryLayout<UInt32>.stride }

    /// The first place of a hash that fulfils a condition. O(1).
    @inline(__always)
    func first(_ hash: UInt64, where isWanted: (Int) -> Bool) -> Int? {
        guard !slots.isEmpty else { return nil }
        var index = IndexHash.place(hash, of: slots.count)
        while slots[index] != 0 {
            let place = Int(slots[index] - 1)
            if isWanted(place) { return place }
            index = successor(of: index)
        }
        return nil
    }

    /// Makes room for so many places at once.
    mutating func reserve(_ places: Int) {
        precondition(slots.isEmpty)
        slots = Array(repeating: 0, count: max(64, places * 3 / 2 + 1))
    }

    /// Adds a place. O(1) on average.
    ///
    /// - Parameter hash: gives the hashes of the places that are there, for when the table grows.
    mutating func insert(_ place: Int, _ hash: UInt64, hashOf: (Int) -> UInt64) {
        if (count + 1) * 3 > slots.count * 2 { grow(hashOf) }
        put(UInt32(place + 1), hash)
        count += 1
    }

    private mutating func grow(_ hashOf: (Int) -> UInt64) {
        let old = slots
        slots = Array(repeating: 0, count: max(64, old.count * 2))
        for slot in old where slot != 0 { put(slot, hashOf(Int(slot - 1))) }
    }

    private mutating func put(_ slot: UInt32, _ hash: UInt64) {
        var index = IndexHash.place(hash, of: slots.count)
        while slots[index] != 0 { index = successor(of: index) }
        slots[index] = slot
    }

    private func successor(of index: Int) -> Int {
        index + 1 == slots.count ? 0 : index + 1
    }
}
