package import EventSourcing

/// A device that passes on to another one whatever it does not do itself.
///
/// Files are not mapped through it, unless it says so: whoever changes what is read would be passed by.
package protocol ForwardingDevice: Device {
    var base: any Device { get }
}

extension ForwardingDevice {
    package var path: String { base.path }
    package var allowsBackgroundWork: Bool { base.allowsBackgroundWork }

    package func damage(of name: String) -> [Damage] { base.damage(of: name) }
    package func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        try base.open(name, access)
    }
    package func kind(of name: String) throws(SystemError) -> FileKind? { try base.kind(of: name) }
    package func createDirectory(_ name: String) throws(SystemError) { try base.createDirectory(name) }
    package func list(_ name: String) throws(SystemError) -> [String] { try base.list(name) }
    package func rename(_ name: String, to newName: String) throws(SystemError) {
        try base.rename(name, to: newName)
    }
    package func remove(_ name: String) throws(SystemError) { try base.remove(name) }
    package func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        try base.link(name, of: source, as: newName)
    }
    package func syncDirectory(_ name: String) throws(SystemError) { try base.syncDirectory(name) }
    package func syncParent() throws(SystemError) { try base.syncParent() }
    package func now() -> Timestamp { base.now() }
    package func processID() -> Int32 { base.processID() }
    package func randomNumber() -> UInt64 { base.randomNumber() }
}

/// A file of a ``ForwardingDevice``.
package protocol ForwardingFile: DeviceFile {
    var file: any DeviceFile { get }
}

extension ForwardingFile {
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }
    package func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int {
        try file.write(bytes, at: offset)
    }
    package func sync() throws(SystemError) { try file.sync() }
    package func truncate(to length: Int) throws(SystemError) { try file.truncate(to: length) }
    package func extend(to length: Int) throws(SystemError) { try file.extend(to: length) }
    package func length() throws(SystemError) -> Int { try file.length() }
    package func identity() throws(SystemError) -> FileIdentity { try file.identity() }
    package func map(length: Int) throws(SystemError) -> FileMapping { try file.map(length: length) }
    package func lock() throws(SystemError) -> Bool { try file.lock() }
    package func isLocked() throws(SystemError) -> Bool { try file.isLocked() }
}
