/// Where a frame stands: the segment by its place in the order of segments, and the offset in it.
///
/// Packed into 47 bits: up to 262,144 segments of up to 4 GiB.
struct Location: Hashable, Sendable {
    static let offsetBits = 29
    static let bits = 47

    let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// - Precondition: both parts fit; segments are sealed long before.
    init(segment: Int, offset: Int) {
        let unit = offset / Format.alignment
        precondition(segment < 1 << (Self.bits - Self.offsetBits) && unit < 1 << Self.offsetBits)
        rawValue = UInt64(segment) << UInt64(Self.offsetBits) | UInt64(unit)
    }

    /// Stands for a frame that is known to have been there and cannot be read.
    static let missing = Location(rawValue: 0)

    var segment: Int { Int(rawValue >> UInt64(Self.offsetBits)) }
    var offset: Int { Int(rawValue & (1 << UInt64(Self.offsetBits) - 1)) * Format.alignment }
}
