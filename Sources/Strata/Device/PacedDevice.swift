import EventSourcing

/// A device that is read at a pace; everything else passes through.
struct PacedDevice: Device {
    /// The longest single read, in bytes: reading stays even at a low bandwidth.
    fileprivate static let longestRead = 256 << 10

    private let device: any Device
    private let pace: Pace

    init(_ device: any Device, _ pace: Pace) {
        self.device = device
        self.pace = pace
    }

    var path: String { device.path }
    var allowsBackgroundWork: Bool { device.allowsBackgroundWork }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        PacedFile(file: try device.open(name, access), pace: pace)
    }

    func kind(of name: String) throws(SystemError) -> FileKind? { try device.kind(of: name) }
    func createDirectory(_ name: String) throws(SystemError) { try device.createDirectory(name) }
    func list(_ name: String) throws(SystemError) -> [String] { try device.list(name) }
    func rename(_ name: String, to newName: String) throws(SystemError) { try device.rename(name, to: newName) }
    func remove(_ name: String) throws(SystemError) { try device.remove(name) }
    func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        try device.link(name, of: source, as: newName)
    }
    func syncDirectory(_ name: String) throws(SystemError) { try device.syncDirectory(name) }
    func syncParent() throws(SystemError) { try device.syncParent() }
    func now() -> Timestamp { device.now() }
    func processID() -> Int32 { device.processID() }
    func randomNumber() -> UInt64 { device.randomNumber() }
}

private struct PacedFile: DeviceFile {
    let file: any DeviceFile
    let pace: Pace

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try pace.waitForTurn()
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(PacedDevice.longestRead))
        let count = try file.read(into: part, at: offset)
        pace.add(bytes: count)
        return count
    }

    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int { try file.write(bytes, at: offset) }
    func sync() throws(SystemError) { try file.sync() }
    func truncate(to length: Int) throws(SystemError) { try file.truncate(to: length) }
    func extend(to length: Int) throws(SystemError) { try file.extend(to: length) }
    func length() throws(SystemError) -> Int { try file.length() }
    func identity() throws(SystemError) -> FileIdentity { try file.identity() }
    func map(length: Int) throws(SystemError) -> FileMapping { try file.map(length: length) }
    func lock() throws(SystemError) -> Bool { try file.lock() }
    func isLocked() throws(SystemError) -> Bool { try file.isLocked() }
}
