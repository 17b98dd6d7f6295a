/// The format's numbers in arrays, written anew from `Docs/Format.md` so that the harness does not trust what it checks.
extension [UInt8] {
    /// The little-endian number at an offset.
    ///
    /// - Precondition: it lies within the array.
    func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
        self[offset..<offset + MemoryLayout<Number>.size].reversed().reduce(0) {
            $0 << 8 | Number(truncatingIfNeeded: $1)
        }
    }

    /// Replaces the bytes at an offset by a number, its lowest byte first.
    mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        Swift.withUnsafeBytes(of: number.littleEndian) { bytes in
            replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
    }

    /// The little-endian bytes of a number.
    init(littleEndian number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
