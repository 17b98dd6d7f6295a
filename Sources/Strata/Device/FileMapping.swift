import CStrata
import Glibc

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
    /// Whether the bytes are those of the operating system's cache.
    private let isMapped: Bool
    private let release: @Sendable (UnsafeRawPointer, Int) -> Void

    /// - Parameter release: called once nothing uses the bytes any more.
    init(
        base: UnsafeRawPointer, count: Int, isMapped: Bool,
        release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
    ) {
        self.isMapped = isMapped
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
        self.init(
            base: UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped), count: bytes.count, isMapped: false
        ) { base, _ in
            base.deallocate()
        }
    }

    deinit {
        release(base, count)
    }

    /// Gives back the memory that a part takes in this process; it comes again when it is looked at.
    func unload(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        guard isMapped, start < end, end <= count else { return }
        // Safe: whole pages of a mapping of a file, whose bytes the file still has.
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }

    /// Appends a copy of a part to a buffer; false where the device cannot give it, or it is not within the bytes, and then
    /// nothing was appended. May block.
    ///
    /// Unlike looking at the bytes it ends in no signal, whatever becomes of the file.
    func copy(_ range: Range<Int>, appendingTo buffer: inout [UInt8]) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= count else { return false }
        let start = buffer.count
        buffer.append(addingCapacity: range.count) { output in
            output.withUnsafeMutableBufferPointer { bytes, initialized in
                // Safe: both parts are as long as the range, and what was not copied does not count.
                let isCopied = strata_copy_mapped(
                    bytes.baseAddress.map { $0 + initialized }, base + range.lowerBound, range.count)
                if isCopied { initialized += range.count }
            }
        }
        return buffer.count - start == range.count
    }

    /// Has the processor fetch bytes that are in memory.
    func prefetch(_ offset: Int, count: Int) {
        guard offset >= 0, offset < self.count else { return }
        // Safe: within the bytes, and fetching ahead touches nothing that is not there.
        strata_prefetch(base + offset, min(count, self.count - offset))
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
