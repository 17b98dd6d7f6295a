/// A hash table of places in an array: open addressing with linear probing, at most two thirds full.
///
/// Anybody can make hashes that want the same slots. So a search looks at a limited number of them, and what found no free
/// one among those is in a dictionary, whose hashes nobody can foresee.
struct HashSlots<Key: Hashable & Sendable>: Sendable {
    /// Of hashes that are spread, not one in a million needs as many slots.
    private static var longestProbe: Int { 256 }

    /// A place plus one; 0 where there is none.
    private var slots: [UInt32] = []
    private var count = 0
    /// The places that found no free slot.
    private(set) var crowded: [Key: [UInt32]] = [:]

    /// Bytes of memory.
    var memory: Int {
        slots.capacity * MemoryLayout<UInt32>.stride
            + crowded.reduce(0) { $0 + MemoryLayout<Key>.stride + $1.value.capacity * MemoryLayout<UInt32>.stride }
    }

    /// The first place of a hash that fulfils a condition. O(1).
    ///
    /// - Parameter key: the key that the places wanted were inserted with.
    @inline(__always)
    func first(_ hash: UInt64, key: @autoclosure () -> Key, where isWanted: (Int) -> Bool) -> Int? {
        guard !slots.isEmpty else { return nil }
        var index = IndexHash.place(hash, of: slots.count)
        var left = Self.longestProbe
        while slots[index] != 0, left > 0 {
            let place = Int(slots[index] - 1)
            if isWanted(place) { return place }
            index = successor(of: index)
            left -= 1
        }
        guard !crowded.isEmpty else { return nil }
        return crowded[key()]?.lazy.map(Int.init).first(where: isWanted)
    }

    /// Makes room for so many places at once.
    mutating func reserve(_ places: Int) {
        precondition(slots.isEmpty)
        slots = Array(repeating: 0, count: max(64, places * 3 / 2 + 1))
    }

    /// Adds a place. O(1) on average.
    ///
    /// - Parameters:
    ///   - hashOf: gives the hashes of the places that are there, for when the table grows.
    ///   - keyOf: gives the keys of places; those of one key have one hash.
    @inline(__always)
    mutating func insert(_ place: Int, _ hash: UInt64, hashOf: (Int) -> UInt64, keyOf: (Int) -> Key) {
        if (count + 1) * 3 > slots.count * 2 { grow(hashOf, keyOf) }
        if !put(place, hash) { crowd(place, keyOf(place)) }
    }

    @inline(__always)
    private mutating func grow(_ hashOf: (Int) -> UInt64, _ keyOf: (Int) -> Key) {
        let old = slots
        slots = Array(repeating: 0, count: max(64, old.count * 2))
        count = 0
        for slot in old where slot != 0 {
            let place = Int(slot - 1)
            if !put(place, hashOf(place)) { crowd(place, keyOf(place)) }
        }
    }

    /// Puts a place into the first free slot; returns whether it has found one.
    @inline(__always)
    private mutating func put(_ place: Int, _ hash: UInt64) -> Bool {
        var index = IndexHash.place(hash, of: slots.count)
        var left = Self.longestProbe
        while slots[index] != 0 {
            index = successor(of: index)
            left -= 1
            if left == 0 { return false }
        }
        slots[index] = UInt32(place + 1)
        count += 1
        return true
    }

    @inline(never)
    private mutating func crowd(_ place: Int, _ key: Key) {
        crowded[key, default: []].append(UInt32(place))
    }

    private func successor(of index: Int) -> Int {
        index + 1 == slots.count ? 0 : index + 1
    }
}
