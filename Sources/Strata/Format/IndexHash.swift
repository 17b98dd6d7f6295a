/// The hashes of sidecars. Both are spread over all 64 bits, so that any of them may choose a place.
package enum IndexHash {
    /// The hash of an event's id: mixes both halves, because callers may count their ids up.
    package static func event(_ id: UInt128) -> UInt64 {
        mixed(UInt64(truncatingIfNeeded: id) &+ UInt64(truncatingIfNeeded: id >> 64) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The hash of a stream: of its aggregate type's tag and its id.
    package static func stream(_ tag: UInt32, _ id: UInt128) -> UInt64 {
        mixed(event(id) &+ UInt64(tag) &* 0xD1B5_4A32_D192_ED03)
    }

    /// Source: the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
    package static func mixed(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }

    /// Which of `count` places a hash belongs to, by its high bits.
    @inline(__always)
    package static func place(_ hash: UInt64, of count: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(count)).high)
    }
}
