/// The frames that hold events, by the hashes of their ids.
struct EventPlaces: Sendable {
    private(set) var hashes: [UInt64] = []
    /// Where the frames are, in units of the format's alignment.
    private(set) var units: [UInt32] = []
    private var slots = HashSlots<UInt64>()
    private var isSearchable: Bool

    /// - Parameter isSearchable: whether ``collect(_:into:)`` is going to be called.
    init(isSearchable: Bool = true) {
        self.isSearchable = isSearchable
    }

    /// Lets ``collect(_:into:)`` find what is there. O(events) the first time.
    mutating func makeSearchable() {
        guard !isSearchable else { return }
        isSearchable = true
        slots.reserve(hashes.count)
        let hashes = hashes
        for (place, hash) in hashes.enumerated() {
            slots.insert(place, hash, hashOf: { hashes[$0] }, keyOf: { hashes[$0] })
        }
    }

    /// Bytes of memory.
    var memory: Int { hashes.capacity * 8 + units.capacity * 4 + slots.memory }

    @inline(__always)
    mutating func add(_ hash: UInt64, at offset: Int) {
        hashes.append(hash)
        units.append(UInt32(truncatingIfNeeded: offset / Format.alignment))
        guard isSearchable else { return }
        let hashes = hashes
        slots.insert(hashes.count - 1, hash, hashOf: { hashes[$0] }, keyOf: { hashes[$0] })
    }

    /// Appends the offsets of frames that may hold an event. O(1).
    @inline(__always)
    func collect(_ hash: UInt64, into offsets: inout [Int]) {
        _ = slots.first(hash, key: hash) { place in
            guard hashes[place] == hash else { return false }
            let offset = Int(units[place]) * Format.alignment
            // Many events of one id in one frame are a reason to look into it once.
            if offsets.last != offset { offsets.append(offset) }
            return false
        }
    }
}
