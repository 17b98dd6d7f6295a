import CStrata
package import EventSourcing
import Glibc

/// A directory of the real file system.
///
/// Every name is resolved below the directory's descriptor. What is opened is reached through no symbolic link, so that
/// nothing that is read or written lies outside the store.
package struct FileSystemDevice: Device {
    package let path: String
    package var mapsFiles: Bool { true }
    private let directory: FileDescriptor
    private let permissions: StrataOptions.Permissions

    /// Opens an existing directory.
    ///
    /// - Parameter permissions: of what is made in it.
    package init(path: String, permissions: StrataOptions.Permissions = .owner) throws(SystemError) {
        self.path = path
        self.permissions = permissions
        directory = try FileDescriptor(checking: Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open")
    }

    /// What a path of the file system stands for; nil where there is nothing.
    package static func kind(ofPath path: String) throws(SystemError) -> FileKind? {
        var status = stat()
        return try kind(stat(path, &status), status, "stat")
    }

    /// Makes a directory at a path of the file system.
    package static func createDirectory(
        atPath path: String, permissions: StrataOptions.Permissions
    ) throws(SystemError) {
        guard mkdir(path, permissions.ofDirectories) == 0 || errno == EEXIST else { throw SystemError(last: "mkdir") }
    }

    package func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        let descriptor = strata_open_beneath(directory.number, name, flags | O_NONBLOCK, permissions.ofFiles)
        return FileSystemFile(try FileDescriptor(checking: descriptor, "open"))
    }

    package func kind(of name: String) throws(SystemError) -> FileKind? {
        var status = stat()
        return try Self.kind(fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW), status, "fstatat")
    }

    private static func kind(_ result: Int32, _ status: stat, _ call: String) throws(SystemError) -> FileKind? {
        guard result == 0 else {
            if errno == ENOENT { return nil }
            throw SystemError(last: call)
        }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        default: .other
        }
    }

    package func createDirectory(_ name: String) throws(SystemError) {
        guard mkdirat(directory.number, name, permissions.ofDirectories) == 0 || errno == EEXIST else {
            throw SystemError(last: "mkdirat")
        }
    }

    package func list(_ name: String) throws(SystemError) -> [String] {
        let descriptor = strata_open_beneath(directory.number, name, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw SystemError(last: "open") }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw SystemError(last: "fdopendir")
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            // Safe: the entry's name ends with a zero and stays valid until the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError(last: "readdir") }
        return names
    }

    package func rename(_ name: String, to newName: String) throws(SystemError) {
        guard renameat(directory.number, name, directory.number, newName) == 0 else {
            throw SystemError(last: "renameat")
        }
    }

    package func remove(_ name: String) throws(SystemError) {
        guard unlinkat(directory.number, name, 0) == 0 else { throw SystemError(last: "unlinkat") }
    }

    package func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        guard let source = source as? FileSystemDevice else { throw SystemError(number: EXDEV, call: "linkat") }
        guard linkat(source.directory.number, name, directory.number, newName, 0) == 0 else {
            throw SystemError(last: "linkat")
        }
    }

    package func syncDirectory(_ name: String) throws(SystemError) {
        let descriptor = strata_open_beneath(directory.number, name, O_RDONLY | O_DIRECTORY, 0)
        try FileDescriptor(checking: descriptor, "open").sync()
    }

    package func syncParent() throws(SystemError) {
        let descriptor = openat(directory.number, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try FileDescriptor(checking: descriptor, "open").sync()
    }

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec)) ?? .distantPast
    }

    package func processID() -> Int32 {
        getpid()
    }

    package func randomNumber() -> UInt64 {
        UInt64.random(in: .min ... .max)
    }
}

extension StrataOptions.Permissions {
    fileprivate var ofDirectories: mode_t {
        switch self {
        case .owner: 0o700
        case .group: 0o750
        }
    }

    fileprivate var ofFiles: UInt32 {
        switch self {
        case .owner: 0o600
        case .group: 0o640
        }
    }
}

/// A descriptor that is closed when the last reference is gone.
private final class FileDescriptor: Sendable {
    let number: Int32

    init(checking number: Int32, _ call: String) throws(SystemError) {
        guard number >= 0 else { throw SystemError(last: call) }
        self.number = number
    }

    func sync() throws(SystemError) {
        guard fsync(number) == 0 else { throw SystemError(last: "fsync") }
    }

    deinit {
        close(number)
    }
}

private struct FileSystemFile: DeviceFile {
    private let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        let count = pread(descriptor.number, buffer.baseAddress, buffer.count, offset)
        guard count >= 0 else { throw SystemError(last: "pread") }
        return count
    }

    func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        max(0, strata_read_cached(descriptor.number, buffer.baseAddress, buffer.count, offset))
    }

    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int {
        // Safe: the pointer is used only during the call.
        let count = bytes.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, offset) }
        guard count >= 0 else { throw SystemError(last: "pwrite") }
        return count
    }

    func sync() throws(SystemError) {
        guard fdatasync(descriptor.number) == 0 else { throw SystemError(last: "fdatasync") }
    }

    func truncate(to length: Int) throws(SystemError) {
        guard ftruncate(descriptor.number, length) == 0 else { throw SystemError(last: "ftruncate") }
    }

    func extend(to length: Int) throws(SystemError) {
        guard strata_extend(descriptor.number, length) == 0 else { throw SystemError(last: "fallocate") }
    }

    func length() throws(SystemError) -> Int {
        Int(try status().st_size)
    }

    func identity() throws(SystemError) -> FileIdentity {
        var status = try status()
        // A file system's clock ticks every few milliseconds. A change within the same tick as the last one would not
        // show, so the identity of a file that was changed just now is known only once the tick is over.
        let age = Self.now() - Self.nanoseconds(status.st_mtim)
        if (-Self.longestTick..<Self.longestTick).contains(age) {
            var pause = timespec(tv_sec: 0, tv_nsec: Int(Self.longestTick))
            nanosleep(&pause, nil)
            status = try self.status()
        }
        return FileIdentity(
            node: UInt64(status.st_ino), change: Self.nanoseconds(status.st_mtim), length: Int(status.st_size))
    }

    /// Nanoseconds: above the 10 ms of the slowest kernel timer.
    private static let longestTick: Int64 = 11_000_000

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    func map(length: Int) throws(SystemError) -> FileMapping {
        let address = mmap(nil, length, PROT_READ, MAP_SHARED, descriptor.number, 0)
        guard let address, address != MAP_FAILED else { throw SystemError(last: "mmap") }
        return try FileMapping(mapped: address, count: length)
    }

    private func status() throws(SystemError) -> stat {
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else { throw SystemError(last: "fstat") }
        return status
    }

    func lock() throws(SystemError) -> Bool {
        switch strata_lock_exclusive(descriptor.number) {
        case 0: return true
        case EAGAIN, EACCES: return false
        case let number: throw SystemError(number: number, call: "fcntl")
        }
    }

    func isLocked() throws(SystemError) -> Bool {
        let answer = strata_is_locked(descriptor.number)
        guard answer >= 0 else { throw SystemError(number: -answer, call: "fcntl") }
        return answer != 0
    }
}

extension SystemError {
    /// The failure that `errno` tells of.
    fileprivate init(last call: String) {
        self.init(number: errno, call: call)
    }
}
