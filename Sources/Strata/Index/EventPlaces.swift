/// The frames that hold events, by the hashes of their ids.
struct EventPlaces: Sendable {
    private(set) var hashes: [UInt64] = []
    /// Where the frames are, in units of the format's alignment.
    private(set) var units: [UInt32] = []
    private var slots = HashSlots()
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
        for (place, hash) in hashes.enumerated() { slots.insert(place, hash) { [hashes] in hashes[$0] } }
    }

    /// Bytes of memory.
    var memory: Int { hashes.capacity * 8 + units.capacity * 4 + slots.memory }

    mutating func add(_ hash: UInt64, at offset: Int) {
        hashes.append(hash)
        units.append(UInt32(truncatingIfNeeded: offset / Format.alignment))
        if isSearchable { slots.insert(hashes.count - 1, hash) { [hashes] in hashes[$0] } }
    }

    /// Appends the offsets of frames that may hold an event. O(1).
    func collect(_ hash: UInt64, into offsets: inout [Int]) {
        _ = slots.first(hash) { place in
            if hashes[place] == hash { offsets.append(Int(units[place]) * Format.alignment) }
            return false
        }
    }
}
