import EventSourcing
import Glibc
import Strata

/// A device on which files of some names seem longer than they are, or change while they are used.
final class AlteredDevice: ForwardingDevice {
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

    let base: any Device
    private let prefix: String
    private let alterations: Alterations

    init(_ base: any Device, _ prefix: String, _ change: (inout Alterations) -> Void) {
        self.base = base
        self.prefix = prefix
        var alterations = Alterations()
        change(&alterations)
        self.alterations = alterations
    }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        guard name.hasPrefix(prefix) else { return try base.open(name, access) }
        alterations.beforeOpen()
        return AlteredFile(file: try base.open(name, access), alterations: alterations)
    }
}

private struct AlteredFile: ForwardingFile {
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

    func length() throws(SystemError) -> Int {
        if let length = alterations.length { return length }
        return try file.length()
    }
}
