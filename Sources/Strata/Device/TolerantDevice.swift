import EventSourcing
import Glibc
import Synchronization

/// A device whose files can be read whatever the medium has lost of them: zeros stand for the pages that it cannot give, and
/// which ones these are is remembered.
///
/// For whoever looks for damage or saves what is left, and never for an opening for writing: that would take a page which
/// cannot be read for a moment for the end of the log.
struct TolerantDevice: ForwardingDevice {
    let base: any Device
    private let lost = LostBytes()

    init(_ device: any Device) {
        base = device
    }

    func damage(of name: String) -> [Damage] {
        lost.ranges(of: name).map {
            Damage(
                file: name, offset: $0.lowerBound, length: $0.count,
                reason: "the device cannot give these bytes any more")
        }
    }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        TolerantFile(file: try base.open(name, access), name: name, lost: lost)
    }
}

/// The parts of files that could not be read.
private final class LostBytes: Sendable {
    private let state = Mutex<[String: RangeSet<Int>]>([:])

    func ranges(of name: String) -> [Range<Int>] {
        state.withLock { $0[name].map { Array($0.ranges) } ?? [] }
    }

    func add(_ range: Range<Int>, of name: String) {
        state.withLock { $0[name, default: RangeSet()].insert(contentsOf: range) }
    }
}

private struct TolerantFile: ForwardingFile {
    /// What operating systems read at once, in bytes: what surrounds a bad sector in it is lost with the sector.
    private static let pageBytes = 4 << 10

    let file: any DeviceFile
    let name: String
    let lost: LostBytes

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        do {
            return try file.read(into: buffer, at: offset)
        } catch  where error.isOfMedium {
            let pageEnd = offset / Self.pageBytes * Self.pageBytes + Self.pageBytes
            let count = min(pageEnd - offset, buffer.count)
            return try readPage(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        }
    }

    /// Reads within a page: what stands before the one that is lost, or another one that can be read now, or zeros.
    private func readPage(into page: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        do {
            return try file.read(into: page, at: offset)
        } catch  where error.isOfMedium {
            let count = min(page.count, try file.length() - offset)
            guard count > 0 else { return 0 }
            // Safe: not longer than the buffer.
            UnsafeMutableRawBufferPointer(rebasing: page[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
            lost.add(offset..<offset + count, of: name)
            return count
        }
    }
}

extension SystemError {
    fileprivate var isOfMedium: Bool { Self.isOfMedium(number) }

    /// Whether a call failed because the medium, or what the file system keeps on it, is broken: `EUCLEAN` and `EBADMSG` are what Linux's
    /// file systems say of their own structures.
    fileprivate static func isOfMedium(_ number: Int32) -> Bool {
        number == EIO || number == EUCLEAN || number == EBADMSG
    }
}

extension StrataError {
    /// Whether a call failed because the medium, or what the file system keeps on it, is broken.
    var isOfMedium: Bool { systemErrorNumber.map(SystemError.isOfMedium) ?? false }
}
