import EventSourcing

/// A device that is read at a pace; everything else passes through.
struct PacedDevice: ForwardingDevice {
    /// The longest single read, in bytes: reading stays even at a low bandwidth.
    fileprivate static let longestRead = 256 << 10

    let base: any Device
    private let pace: Pace

    init(_ device: any Device, _ pace: Pace) {
        base = device
        self.pace = pace
    }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        PacedFile(file: try base.open(name, access), pace: pace)
    }
}

private struct PacedFile: ForwardingFile {
    let file: any DeviceFile
    let pace: Pace

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try pace.waitForTurn()
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(PacedDevice.longestRead))
        let count = try file.read(into: part, at: offset)
        pace.add(bytes: count)
        return count
    }
}
