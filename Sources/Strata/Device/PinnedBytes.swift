/// Bytes in memory that stay where they are as long as this object lives, so that a loop over many such objects need not
/// count references to each.
package final class PinnedBytes: Sendable {
    // Safe: the bytes are never written to again, and stay until the last reference to this object is gone.
    fileprivate nonisolated(unsafe) let base: UnsafeRawPointer
    package let count: Int

    /// A copy of bytes.
    init(copying bytes: RawSpan) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.byteCount), alignment: 8)
        // Safe: the pointer is used only during the call, and the buffer is as long as the bytes.
        bytes.withUnsafeBytes { copy.copyMemory(from: $0) }
        // Safe: a buffer of at least one byte has a base address.
        base = UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped)
        count = bytes.byteCount
    }

    deinit {
        base.deallocate()
    }

    /// A view that holds no reference: whoever uses it keeps the object alive.
    struct View: Sendable {
        private nonisolated(unsafe) let base: UnsafeRawPointer
        private let count: Int

        init(_ bytes: PinnedBytes) {
            base = bytes.base
            count = bytes.count
        }

        /// The little-endian number of two bytes at an offset.
        @inline(__always)
        func number(at offset: Int) -> UInt16 {
            precondition(offset >= 0 && offset + 2 <= count)
            // Safe: within the bytes, and every bit pattern is a number.
            return UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
    }

    /// Calls `body` with a view of the bytes.
    func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        // Safe: the view does not outlive the call, and this object does.
        body(UnsafeRawBufferPointer(start: base, count: count).bytes)
    }
}
