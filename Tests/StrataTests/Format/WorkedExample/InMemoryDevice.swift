import EventSourcing
import Glibc
import Strata
import Synchronization

/// A device whose files are arrays, whose clock stands still, and whose random numbers are always the same. It never
/// fails and forgets nothing.
final class InMemoryDevice: Device {
    private struct Contents {
        var files: [String: InMemoryFile] = [:]
        var directories: Set<String> = ["."]
        var numbersDrawn: UInt64 = 0
    }

    let path = "example.strata"
    var allowsBackgroundWork: Bool { false }
    /// A mapping shows what the file held when it was made.
    let mapsFiles: Bool
    private let contents: Mutex<Contents>
    private let time: Timestamp

    init(files: [String: [UInt8]] = [:], time: Timestamp, mapsFiles: Bool = false) {
        self.time = time
        self.mapsFiles = mapsFiles
        var contents = Contents()
        for (name, bytes) in files {
            contents.files[name] = InMemoryFile(bytes)
            contents.directories.insert(Self.directory(of: name))
        }
        self.contents = Mutex(contents)
    }

    /// Every file's bytes, by name.
    var files: [String: [UInt8]] { contents.withLock { $0.files.mapValues(\.bytes) } }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        try contents.withLock { contents throws(SystemError) in
            let present = contents.files[name]
            guard access == .create else {
                guard let present else { throw SystemError(number: ENOENT, call: "open") }
                return present
            }
            guard present == nil else { throw SystemError(number: EEXIST, call: "open") }
            let file = InMemoryFile([])
            contents.files[name] = file
            return file
        }
    }

    func kind(of name: String) throws(SystemError) -> FileKind? {
        contents.withLock { contents in
            if contents.files[name] != nil { return .file }
            return contents.directories.contains(name) ? .directory : nil
        }
    }

    func createDirectory(_ name: String) throws(SystemError) {
        contents.withLock { _ = $0.directories.insert(name) }
    }

    func list(_ name: String) throws(SystemError) -> [String] {
        contents.withLock { contents in
            contents.files.keys.filter { Self.directory(of: $0) == name }
                .map { name == "." ? $0 : String($0.dropFirst(name.count + 1)) }
                + (name == "." ? contents.directories.filter { $0 != "." } : [])
        }
    }

    func rename(_ name: String, to newName: String) throws(SystemError) {
        try contents.withLock { contents throws(SystemError) in
            guard let file = contents.files.removeValue(forKey: name) else {
                throw SystemError(number: ENOENT, call: "rename")
            }
            contents.files[newName] = file
        }
    }

    func remove(_ name: String) throws(SystemError) {
        contents.withLock { _ = $0.files.removeValue(forKey: name) }
    }

    func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        throw SystemError(number: EXDEV, call: "linkat")
    }

    func syncDirectory(_ name: String) throws(SystemError) {}

    func syncParent() throws(SystemError) {}

    func now() -> Timestamp { time }

    func processID() -> Int32 { 4_711 }

    /// Eight equal bytes: 0x11..., 0x22... and so on.
    func randomNumber() -> UInt64 {
        contents.withLock { contents in
            contents.numbersDrawn += 1
            return contents.numbersDrawn % 15 * 0x1111_1111_1111_1111
        }
    }

    private static func directory(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[..<$0]) } ?? "."
    }
}

private final class InMemoryFile: DeviceFile {
    private let content: Mutex<[UInt8]>

    init(_ bytes: [UInt8]) {
        content = Mutex(bytes)
    }

    var bytes: [UInt8] { content.withLock { $0 } }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        let part = bytes.dropFirst(offset).prefix(buffer.count)
        buffer.copyBytes(from: part)
        return part.count
    }

    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int {
        let new = bytes.withUnsafeBytes { Array($0) }
        content.withLock { content in
            let end = offset + new.count
            if content.count < end { content += Array(repeating: 0, count: end - content.count) }
            content.replaceSubrange(offset..<end, with: new)
        }
        return new.count
    }

    func sync() throws(SystemError) {}

    func truncate(to length: Int) throws(SystemError) {
        content.withLock { content in
            content = Array(content.prefix(length)) + Array(repeating: 0, count: max(0, length - content.count))
        }
    }

    func extend(to length: Int) throws(SystemError) { try truncate(to: max(length, bytes.count)) }

    func length() throws(SystemError) -> Int { bytes.count }

    /// The file's checksum stands for the time of its last change.
    func identity() throws(SystemError) -> FileIdentity {
        FileIdentity(node: 1, change: Int64(Checksum.crc32c(bytes.span.bytes)), length: bytes.count)
    }

    func map(length: Int) throws(SystemError) -> FileMapping {
        FileMapping(copying: Array(bytes.prefix(length)))
    }

    func lock() throws(SystemError) -> Bool { true }

    func isLocked() throws(SystemError) -> Bool { false }
}
