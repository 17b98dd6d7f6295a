import Strata

/// A device on which whoever reads lets others have turns before each call, as a process beside them does.
struct TurnTakingDevice: ForwardingDevice {
    let base: any Device
    let thread: SimulatedThread

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        thread.giveWay()
        return TurnTakingFile(file: try base.open(name, access), thread: thread)
    }

    func kind(of name: String) throws(SystemError) -> FileKind? {
        thread.giveWay()
        return try base.kind(of: name)
    }

    func list(_ name: String) throws(SystemError) -> [String] {
        thread.giveWay()
        return try base.list(name)
    }
}

private struct TurnTakingFile: ForwardingFile {
    let file: any DeviceFile
    let thread: SimulatedThread

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        thread.giveWay()
        return try file.read(into: buffer, at: offset)
    }

    func length() throws(SystemError) -> Int {
        thread.giveWay()
        return try file.length()
    }

    func map(length: Int) throws(SystemError) -> FileMapping {
        thread.giveWay()
        return try file.map(length: length)
    }
}
