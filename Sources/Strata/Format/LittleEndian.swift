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

extension [UInt8] {
    /// An encoding of a length that is known before.
    ///
    /// - Parameter encode: fills all of it.
    init(encodingBytes count: Int, _ encode: (inout OutputRawSpan) -> Void) {
        self.init()
        append(encodingBytes: count, encode)
    }

    /// Appends an encoding of a length that is known before; every write checks that there is room.
    ///
    /// - Parameter encode: fills all of it.
    mutating func append(encodingBytes count: Int, _ encode: (inout OutputRawSpan) -> Void) {
        append(addingCapacity: count) { output in
            output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                // Safe: the span begins where the memory does, and ends where that ends.
                let memory = UnsafeMutableRawBufferPointer(buffer)
                var bytes = OutputRawSpan(buffer: memory, initializedCount: 0)
                encode(&bytes)
                initializedCount = bytes.finalize(for: memory)
            }
            precondition(output.count == count, "an encoding is shorter than it was to be")
        }
    }
}

extension OutputRawSpan {
    /// Appends a number, its lowest byte first.
    @inline(__always)
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(number: Number) {
        let size = MemoryLayout<Number>.size
        precondition(size <= freeCapacity, "there is no room")
        // Safe: there is room, and any alignment will do, as it would not for the span's own method.
        withUnsafeMutableBytes { memory, initializedCount in
            memory.storeBytes(of: number.littleEndian, toByteOffset: initializedCount, as: Number.self)
            initializedCount += size
        }
    }

    mutating func append(utf8 text: String) {
        append(copying: text.utf8.span.bytes)
    }

    /// Appends bytes at once.
    mutating func append(copying bytes: RawSpan) {
        precondition(bytes.byteCount <= freeCapacity, "there is no room")
        // Safe: there is room, the memory is not that of the bytes, and all that is counted as initialized is.
        withUnsafeMutableBytes { memory, initializedCount in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: memory[initializedCount...]).copyMemory(from: source)
            }
            initializedCount += bytes.byteCount
        }
    }

    /// Appends zeros up to the next multiple of the format's alignment.
    mutating func padToAlignment() {
        append(repeating: 0, count: Format.aligned(byteCount) - byteCount, as: UInt8.self)
    }
}
