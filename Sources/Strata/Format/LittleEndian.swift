import EventSourcing

extension RawSpan {
    /// The little-endian number at an offset.
    ///
    /// - Precondition: the number lies within the span; whoever reads bytes from disk checks lengths first.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type = Number.self)
        -> Number
    {
        // Safe: every bit pattern is a valid integer, and the call checks the bounds.
        Number(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// Whether the bytes up to a multiple of the format's alignment, fewer than it, are zero.
    ///
    /// - Precondition: there are bytes from the multiple before on.
    @inline(__always)
    func isPadding(from start: Int, to end: Int) -> Bool {
        guard start < end else { return true }
        let used = UInt64(truncatingIfNeeded: Format.alignment - (end - start)) * 8
        return number(at: end - Format.alignment, as: UInt64.self) >> used == 0
    }

    func isZero(in range: Range<Int>) -> Bool {
        for offset in range where number(at: offset, as: UInt8.self) != 0 { return false }
        return true
    }
}

extension [UInt8] {
    /// Appends a number, its lowest byte first.
    mutating func append<Number: FixedWidthInteger>(number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends numbers, each with its lowest byte first.
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(numbers: [Number]) {
        #if _endian(little)
        numbers.withUnsafeBytes { append(contentsOf: $0) }
        #else
        for number in numbers { append(number: number) }
        #endif
    }

    /// Appends bytes at once: as a collection they would be appended one by one.
    mutating func append(_ bytes: Bytes) {
        // Safe: the pointer is used only during the call.
        bytes.withSpan { span in span.withUnsafeBytes { append(contentsOf: $0) } }
    }

    /// Replaces the bytes at an offset by a number, its lowest byte first.
    mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
        // Safe: the call checks the bounds, and any alignment will do.
        withUnsafeMutableBytes { $0.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self) }
    }

    /// Appends zeros up to the next multiple of the format's alignment.
    mutating func padToAlignment() {
        append(contentsOf: repeatElement(0, count: Format.aligned(count) - count))
    }
}
