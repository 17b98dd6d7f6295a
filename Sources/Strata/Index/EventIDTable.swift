/// Finds the frames that may hold an event id, in 10 to 15 bytes of memory an event.
///
/// A slot holds the frame's location in 47 bits and 17 bits of the id's hash, not the id: whoever asks reads the frame
/// and looks. About one absent id in thousands has a candidate at all. Since hashes cannot be had back from slots,
/// tables never grow: when one is full, another follows that is half as large as all before it together, so that
/// n events need O(log n) tables.
struct EventIDTable {
    private static let firstCapacity = 1 << 12
    private var tables: [Table] = []
    private var totalCapacity = 0
    private(set) var count = 0

    /// Bytes of memory.
    var memory: Int { totalCapacity * MemoryLayout<UInt64>.stride }

    init(expectedCount: Int = 0) {
        if expectedCount > 0 { addTable(capacity: max(Self.firstCapacity, expectedCount * 4 / 3)) }
    }

    /// Remembers that a frame holds an event. O(1).
    mutating func insert(_ id: UInt128, at location: Location) {
        if tables.last?.isFull ?? true { addTable(capacity: max(Self.firstCapacity, totalCapacity / 2)) }
        tables[tables.count - 1].insert(Self.hash(id), location)
        count += 1
    }

    /// The frames that may hold an event, the newest tables' first. O(log count).
    func candidates(for id: UInt128) -> [Location] {
        var candidates: [Location] = []
        collectCandidates(for: id, into: &candidates)
        return candidates
    }

    /// Appends the frames that may hold an event, the newest tables' first. O(log count).
    func collectCandidates(for id: UInt128, into candidates: inout [Location]) {
        let hash = Self.hash(id)
        for table in tables.reversed() { table.collect(hash, into: &candidates) }
    }

    private mutating func addTable(capacity: Int) {
        tables.append(Table(capacity: capacity))
        totalCapacity += capacity
    }

    /// Mixes both halves of an id, because callers may count their ids up.
    /// Source: the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
    private static func hash(_ id: UInt128) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: id) &+ UInt64(truncatingIfNeeded: id >> 64) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }

    /// A hash table with linear probing that is never more than four fifths full.
    private struct Table {
        private var slots: [UInt64]
        private var free: Int

        init(capacity: Int) {
            slots = Array(repeating: 0, count: capacity)
            free = capacity * 4 / 5
        }

        var isFull: Bool { free == 0 }

        mutating func insert(_ hash: UInt64, _ location: Location) {
            var index = home(of: hash)
            while slots[index] != 0 { index = successor(of: index) }
            slots[index] = Self.fingerprint(of: hash) << UInt64(Location.bits) | location.rawValue
            free -= 1
        }

        func collect(_ hash: UInt64, into candidates: inout [Location]) {
            let fingerprint = Self.fingerprint(of: hash)
            var index = home(of: hash)
            while slots[index] != 0 {
                if slots[index] >> UInt64(Location.bits) == fingerprint {
                    candidates.append(Location(rawValue: slots[index] & (1 << UInt64(Location.bits) - 1)))
                }
                index = successor(of: index)
            }
        }

        /// The high bits choose the slot, the low bits are the fingerprint, so that the two tell different things.
        private func home(of hash: UInt64) -> Int {
            Int(hash.multipliedFullWidth(by: UInt64(slots.count)).high)
        }

        private func successor(of index: Int) -> Int {
            index + 1 == slots.count ? 0 : index + 1
        }

        private static func fingerprint(of hash: UInt64) -> UInt64 {
            hash & (1 << UInt64(64 - Location.bits) - 1)
        }
    }
}
