/// The bytes of a file in memory: those of the operating system's cache itself where a device can map files, else a
/// copy.
///
/// What is mapped may change when somebody writes to the file: whoever reads it checks each number where it is used.
/// A mapped file that somebody else makes shorter, or that the medium cannot give any more, ends the process with a
/// signal.
package final class FileMapping: Sendable {
    // Safe: the bytes are only read, and stay until the last reference to this object is gone.
    private nonisolated(unsafe) let base: UnsafeRawPointer
    /// How many bytes there are.
    package let count: Int
    private let release: @Sendable (UnsafeRawPointer, Int) -> Void

    /// - Parameter release: called once nothing uses the bytes any more.
    init(base: UnsafeRawPointer, count: Int, release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void) {
        self.base = base
        self.count = count
        self.release = release
    }

    /// A copy of bytes.
    package convenience init(copying bytes: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
        // Safe: the buffer is as long as the bytes.
        copy.copyBytes(from: bytes)
        // Safe: a buffer of at least one byte has a base address.
        self.init(base: UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped), count: bytes.count) { base, _ in
            base.deallocate()
        }
    }

    deinit {
        release(base, count)
    }

    /// Calls `body` with a view of the bytes.
    @inline(__always)
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Safe: the view does not outlive the call, and this object does.
        try body(UnsafeRawBufferPointer(start: base, count: count).bytes)
    }
}
