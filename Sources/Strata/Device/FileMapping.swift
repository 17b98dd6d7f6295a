import CStrata
import Glibc

/// The bytes of a file in memory: those of the operating system's cache itself where a device can map files, else a
/// copy.
///
/// What is mapped may change when somebody writes to the file: whoever reads it checks each number where it is used. Where
/// somebody makes the file shorter, or the medium cannot give a page any more, all bytes are zeros from then on, and every read says
/// so. Docs/Decisions/0044-mapped-files-end-no-process.md
package final class FileMapping: Sendable {
    // Safe: the bytes are only read, and stay until the last reference to this object is gone.
    private nonisolated(unsafe) let base: UnsafeRawPointer
    /// How many bytes there are.
    package let count: Int
    // Safe: set and looked at atomically, by code in C, and freed once nobody watches any more.
    private nonisolated(unsafe) let isLostFlag = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
    /// nil of a copy.
    // Safe: given back only once, when the last reference to this object is gone.
    private nonisolated(unsafe) let watch: OpaquePointer?

    /// Takes a file over that was mapped for reading, and unmaps it once nothing uses it any more.
    ///
    /// - Throws: `ENOMEM` where there is no memory to watch it, and then it is unmapped.
    init(mapped base: UnsafeMutableRawPointer, count: Int) throws(SystemError) {
        isLostFlag.initialize(to: false)
        // Safe: the flag and the bytes stay until nobody watches them.
        guard let watch = strata_watch(base, count, isLostFlag) else {
            munmap(base, count)
            isLostFlag.deallocate()
            throw SystemError(number: ENOMEM, call: "mmap")
        }
        self.watch = watch
        self.base = UnsafeRawPointer(base)
        self.count = count
    }

    /// A copy of bytes.
    package init(copying bytes: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
        // Safe: the buffer is as long as the bytes.
        copy.copyBytes(from: bytes)
        // Safe: a buffer of at least one byte has a base address.
        base = UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped)
        count = bytes.count
        watch = nil
        isLostFlag.initialize(to: false)
    }

    deinit {
        if let watch {
            strata_unwatch(watch)
            // Safe: mapped with this length, and nothing uses it any more.
            munmap(UnsafeMutableRawPointer(mutating: base), count)
        } else {
            base.deallocate()
        }
        isLostFlag.deallocate()
    }

    /// Whether a page could not be had, so that the bytes are not those of the file.
    @inline(__always)
    package var isLost: Bool {
        // Safe: the flag stays until the last reference to this object is gone.
        strata_is_lost(isLostFlag)
    }

    /// Gives back the memory that a part takes in this process; it comes again when it is looked at.
    func unload(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        guard watch != nil, start < end, end <= count else { return }
        // Safe: whole pages of a mapping of a file, whose bytes the file still has.
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }

    /// Appends a copy of a part to a buffer; false where it is not that part of the file, and then nothing was appended. May
    /// block.
    func copy(_ range: Range<Int>, appendingTo buffer: inout [UInt8]) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= count, !isLost else { return false }
        let start = buffer.count
        buffer.append(addingCapacity: range.count) { output in
            output.withUnsafeMutableBufferPointer { bytes, initialized in
                // Safe: both parts are as long as the range, and what was not copied does not count.
                if let target = bytes.baseAddress {
                    UnsafeMutableRawPointer(target + initialized).copyMemory(
                        from: base + range.lowerBound, byteCount: range.count)
                }
                if !isLost { initialized += range.count }
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

    /// Calls `body` with a view of the bytes. May block.
    ///
    /// - Returns: nil where what `body` has seen is not what the file holds.
    @inline(__always)
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        // Safe: the view does not outlive the call, and this object does.
        let result = try body(UnsafeRawBufferPointer(start: base, count: count).bytes)
        return isLost ? nil : result
    }
}
