import EventSourcing
import Glibc
import Strata

/// A device on which files of some names seem longer than they are, or change while they are used.
final class AlteredDevice: Device {
    /// What is different about the files.
    struct Alterations: Sendable {
        /// The length that the files seem to have.
        var length: Int?
        /// What the device cannot give any more.
        var unreadable: Range<Int>?
        var isReadableAgain: @Sendable () -> Bool = { false }
        /// Called before each opening.
        var beforeOpen: @Sendable () -> Void = {}
        /// Called behind each read, with the range that was asked for.
        var afterRead: @Sendable (Range<Int>) -> Void = { _ in }
    }

    private let base: any Device
    private let prefix: String
    private let alterations: Alterations

    init(_ base: any Device, _ prefix: String, _ change: (inout Alterations) -> Void) {
        self.base = base
        self.prefix = prefix
        var alterations = Alterations()
        change(&alterations)
        self.alterations = alterations
    }

    var path: String { base.path }
    var allowsBackgroundWork: Bool { base.allowsBackgroundWork }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        guard name.hasPrefix(prefix) else { return try base.open(name, access) }
        alterations.beforeOpen()
        return AlteredFile(file: try base.open(name, access), alterations: alterations)
    }

    func kind(of name: String) throws(SystemError) -> FileKind? { try base.kind(of: name) }
    func createDirectory(_ name: String) throws(SystemError) { try base.createDirectory(name) }
    func list(_ name: String) throws(SystemError) -> [String] { try base.list(name) }
    func rename(_ name: String, to newName: String) throws(SystemError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(SystemError) { try base.remove(name) }
    func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        try base.link(name, of: source, as: newName)
    }
    func syncDirectory(_ name: String) throws(SystemError) { try base.syncDirectory(name) }
    func syncParent() throws(SystemError) { try base.syncParent() }
    func now() -> Timestamp { base.now() }
    func processID() -> Int32 { base.processID() }
    func randomNumber() -> UInt64 { base.randomNumber() }
}

private struct AlteredFile: DeviceFile {
    let file: any DeviceFile
    let alterations: AlteredDevice.Alterations

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        var buffer = buffer
        if let unreadable = alterations.unreadable, unreadable.overlaps(offset..<offset + buffer.count),
            !alterations.isReadableAgain()
        {
            guard offset < unreadable.lowerBound else { throw SystemError(number: EIO, call: "pread") }
            // As Linux does: what stands before it is given first.
            buffer = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(unreadable.lowerBound - offset)])
        }
        let count = try file.read(into: buffer, at: offset)
        alterations.afterRead(offset..<offset + buffer.count)
        return count
    }

    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int { try file.write(bytes, at: offset) }
    func sync() throws(SystemError) { try file.sync() }
    func truncate(to length: Int) throws(SystemError) { try file.truncate(to: length) }
    func extend(to length: Int) throws(SystemError) { try file.extend(to: length) }
    func length() throws(SystemError) -> Int {
        if let length = alterations.length { return length }
        return try file.length()
    }
    func identity() throws(SystemError) -> FileIdentity { try file.identity() }
    func map(length: Int) throws(SystemError) -> FileMapping { try file.map(length: length) }
    func lock() throws(SystemError) -> Bool { try file.lock() }
    func isLocked() throws(SystemError) -> Bool { try file.isLocked() }
}
