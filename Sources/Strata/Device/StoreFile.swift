import Glibc

/// A file of a store: whole reads and writes over a device's single calls, and errors that say where.
struct StoreFile: Sendable {
    let name: String
    private let device: any Device
    private let file: any DeviceFile

    init(_ name: String, _ access: FileAccess, on device: any Device) throws(StrataError) {
        self.name = name
        self.device = device
        do {
            file = try retryingInterrupts { () throws(SystemError) in try device.open(name, access) }
        } catch {
            throw StrataError(error, "opening failed", path: device.path(of: name))
        }
    }

    var path: String { device.path(of: name) }

    /// Appends up to `count` bytes from an offset to a buffer; returns how many there were.
    func read(_ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]) throws(StrataError) -> Int {
        let start = buffer.count
        do throws(SystemError) {
            try buffer.append(addingCapacity: count) { output throws(SystemError) in
                while output.freeCapacity > 0, try readOnce(into: &output, at: offset + output.count) > 0 {}
            }
        } catch {
            let done = buffer.count - start
            buffer.removeLast(done)
            throw StrataError(error, "reading failed", path: path, offset: offset + done)
        }
        return buffer.count - start
    }

    private func readOnce(into output: inout OutputSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
        try output.withUnsafeMutableBufferPointer { bytes, count throws(SystemError) in
            // Safe: the part behind what is initialised is free, the device uses it only during the call, and it says
            // how much of it holds bytes now.
            let free = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[count...]))
            let read = try retryingInterrupts { () throws(SystemError) in try file.read(into: free, at: offset) }
            count += read
            return read
        }
    }

    /// Appends what is in memory of `count` bytes from an offset to a buffer, and waits for nothing; returns how many there
    /// were.
    func readCached(_ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]) -> Int {
        let start = buffer.count
        buffer.append(addingCapacity: count) { output in
            output.withUnsafeMutableBufferPointer { bytes, initialized in
                // Safe: the part behind what is initialised is free, the device uses it only during the call, and it says
                // how much of it holds bytes now.
                let free = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[initialized...]))
                initialized += file.readCached(into: free, at: offset)
            }
        }
        return buffer.count - start
    }

    /// The bytes from an offset: fewer than `count` only at the end of the file.
    func read(_ count: Int, at offset: Int) throws(StrataError) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(count)
        _ = try read(count, at: offset, appendingTo: &buffer)
        return buffer
    }

    /// Writes all bytes at an offset.
    func write(_ bytes: RawSpan, at offset: Int) throws(StrataError) {
        var done = 0
        do throws(SystemError) {
            while done < bytes.byteCount {
                let rest = bytes.extracting(done..<bytes.byteCount)
                let written = try retryingInterrupts { () throws(SystemError) -> Int in
                    try file.write(rest, at: offset + done)
                }
                // A device that takes nothing and complains of nothing would keep us here forever.
                guard written > 0 else { throw SystemError(number: EIO, call: "pwrite") }
                done += written
            }
        } catch {
            throw StrataError(error, "writing failed", path: path, offset: offset + done)
        }
    }

    /// Writes the bytes of a range again as they are, and makes the file durable.
    ///
    /// For bytes that were read and are not known to be durable: after a sync that failed, the operating system may
    /// show pages that never reached the device as if they had, and no later sync writes them, unless they are written
    /// anew. Source: Rebello et al., "Can Applications Recover from fsync Failures?" (USENIX ATC 2020).
    func makeDurable(from start: Int, to end: Int) throws(StrataError) {
        let chunk = 1 << 20
        var offset = start
        while offset < end {
            let bytes = try read(min(chunk, end - offset), at: offset)
            guard !bytes.isEmpty else { break }
            try write(bytes.span.bytes, at: offset)
            offset += bytes.count
        }
        try sync()
    }

    /// Makes durable that the file ends at an offset, which it does already.
    ///
    /// As with bytes, a sync that failed may have left the operating system with the belief that the device knows the
    /// length; it is changed and changed back, so that the next sync has one to write.
    func makeLengthDurable(_ end: Int) throws(StrataError) {
        try write([UInt8(0)].span.bytes, at: end)
        try truncate(to: end)
        try sync()
    }

    /// The length of a segment's file.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where no segment is so long.
    func segmentLength() throws(StrataError) -> Int {
        let length = try length()
        guard length <= Format.longestSegment else {
            let damage = Damage(
                file: name, offset: Format.longestSegment, length: length - Format.longestSegment,
                reason: "the file is longer than any segment")
            throw StrataError(.damaged, damage.reason, path: path, offset: damage.offset, damage: [damage])
        }
        return length
    }

    func sync() throws(StrataError) {
        // Not retried, not even after an interrupt: a second sync may report success for pages that are gone.
        do { try file.sync() } catch { throw StrataError(error, "syncing failed", path: path) }
    }

    func truncate(to length: Int) throws(StrataError) {
        do {
            try retryingInterrupts { () throws(SystemError) in try file.truncate(to: length) }
        } catch {
            throw StrataError(error, "truncating failed", path: path, offset: length)
        }
    }

    /// Makes the file at least so long, with zeros behind what it holds.
    func extend(to length: Int) throws(StrataError) {
        do {
            try retryingInterrupts { () throws(SystemError) in try file.extend(to: length) }
        } catch {
            throw StrataError(error, "extending failed", path: path, offset: length)
        }
    }

    /// Takes away what stands behind an offset, durably.
    ///
    /// It is overwritten with zeros before it is cut off: when the file grows again, a file system may hand out the same
    /// blocks, and show after a loss of power what stood in them. Where zeros find no room, the file system does not
    /// overwrite in place, and such a one never shows what stood there.
    func erase(behind end: Int) throws(StrataError) {
        let length = try length()
        do throws(StrataError) {
            try writeZeros(from: end, to: length)
        } catch  where error.systemErrorNumber == ENOSPC || error.systemErrorNumber == EDQUOT {}
        // Whatever it fails with, pages in front of them may be gone, and the next one would not say so.
        if end < length { try sync() }
        try truncate(to: end)
        try sync()
    }

    /// Writes zeros, at most 64 KiB at a time. They are not synced.
    func writeZeros(from start: Int, to end: Int) throws(StrataError) {
        guard start < end else { return }
        let zeros = [UInt8](repeating: 0, count: min(64 << 10, end - start))
        for offset in stride(from: start, to: end, by: zeros.count) {
            try write(zeros.span.bytes.extracting(..<min(zeros.count, end - offset)), at: offset)
        }
    }

    func length() throws(StrataError) -> Int {
        do { return try retryingInterrupts { () throws(SystemError) in try file.length() } } catch {
            throw StrataError(error, "asking for the length failed", path: path)
        }
    }

    func identity() throws(StrataError) -> FileIdentity {
        do { return try retryingInterrupts { () throws(SystemError) in try file.identity() } } catch {
            throw StrataError(error, "asking for the identity failed", path: path)
        }
    }

    /// The first bytes of the file in memory.
    func map(length: Int) throws(StrataError) -> FileMapping {
        do { return try retryingInterrupts { () throws(SystemError) in try file.map(length: length) } } catch {
            throw StrataError(error, "mapping failed", path: path)
        }
    }

    func lock() throws(StrataError) -> Bool {
        do { return try retryingInterrupts { () throws(SystemError) in try file.lock() } } catch {
            throw StrataError(error, "locking failed", path: path)
        }
    }

    func isLocked() throws(StrataError) -> Bool {
        do { return try retryingInterrupts { () throws(SystemError) in try file.isLocked() } } catch {
            throw StrataError(error, "asking for the lock failed", path: path)
        }
    }
}

/// Calls again as long as a signal interrupts.
func retryingInterrupts<Result>(_ body: () throws(SystemError) -> Result) throws(SystemError) -> Result {
    while true {
        do throws(SystemError) {
            return try body()
        } catch {
            guard error.number == EINTR else { throw error }
        }
    }
}

extension StrataError {
    /// A failed call, told apart by what the operating system says.
    init(
        _ error: SystemError, _ message: String, path: String, offset: Int? = nil, fileID: String = #fileID,
        line: Int = #line
    ) {
        let code: Code =
            switch error.number {
            case ENOENT: .notFound
            case ENOSPC, EDQUOT, EFBIG: .storageFull
            case EACCES, EPERM, EROFS: .permissionDenied
            case ECANCELED: .cancelled
            default: .ioFailure
            }
        self.init(
            code, "\(message): \(error.call): \(String(cString: strerror(error.number)))", path: path, offset: offset,
            systemErrorNumber: error.number, fileID: fileID, line: line)
    }
}

extension Device {
    /// A name of the store as a path, for messages.
    func path(of name: String) -> String {
        name == "." ? path : "\(path)/\(name)"
    }
}
