package import EventSourcing

/// The operating system's answer to a call that failed.
package struct SystemError: Error, Hashable, Sendable {
    /// `errno`.
    package let number: Int32
    /// The call, such as `pwrite`.
    package let call: String

    package init(number: Int32, call: String) {
        self.number = number
        self.call = call
    }
}

/// How a file is opened.
package enum FileAccess: Hashable, Sendable {
    case read
    case readWrite
    /// For reading and writing; it is an error (`EEXIST`) where there is one already.
    case create
}

/// What a name in a directory stands for.
package enum FileKind: Hashable, Sendable {
    case file
    case directory
    /// A link, a device, a socket: nothing that belongs into a store.
    case other
}

/// The storage that a store lives on, seen from the store's directory: the seam where a simulated device takes the
/// real one's place.
///
/// Each call is one system call and does no more than that: it may be interrupted, and a write may be short.
/// Names are relative to the store's directory; `.` is the directory itself. Calls may block.
package protocol Device: Sendable {
    /// The store's directory, for messages.
    var path: String { get }
    /// Whether work may go on beside that of a caller; a device that does the same calls in the same order each time
    /// says no.
    var allowsBackgroundWork: Bool { get }
    /// Whether mapping a file shows the file itself, and costs no copy of it.
    var mapsFiles: Bool { get }
    /// What is known by now of a file's bytes that cannot be had, on a device that gives zeros for them.
    func damage(of name: String) -> [Damage]

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile
    /// What a name stands for; nil where there is nothing.
    func kind(of name: String) throws(SystemError) -> FileKind?
    /// Makes a directory; it is no error where there is one.
    func createDirectory(_ name: String) throws(SystemError)
    /// The names in a directory, in no order.
    func list(_ name: String) throws(SystemError) -> [String]
    /// Renames a file, replacing one of the new name.
    func rename(_ name: String, to newName: String) throws(SystemError)
    func remove(_ name: String) throws(SystemError)
    /// Gives a file of another directory a second name here. `EXDEV` where the two are not on one file system.
    func link(_ name: String, of source: any Device, as newName: String) throws(SystemError)
    /// Makes the entries of a directory durable.
    func syncDirectory(_ name: String) throws(SystemError)
    /// Makes the entry of the store's directory in its parent durable.
    func syncParent() throws(SystemError)

    /// The time, which may jump either way.
    func now() -> Timestamp
    /// The number of this process, for whoever meets its lock.
    func processID() -> Int32
    /// A number that no one can foresee.
    func randomNumber() -> UInt64
}

/// An open file of a device. It is closed when the last reference is gone.
package protocol DeviceFile: Sendable {
    /// Reads into a buffer from an offset; returns how many bytes, 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int
    /// Reads what is in memory, without waiting for the device; returns how many bytes, 0 where that is none or cannot be told.
    func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int
    /// Writes bytes at an offset; returns how many were written.
    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int
    /// Makes everything written durable, together with the file's length.
    func sync() throws(SystemError)
    func truncate(to length: Int) throws(SystemError)
    /// Makes the file at least so long, with zeros behind what it holds, and with room on the device for them.
    func extend(to length: Int) throws(SystemError)
    func length() throws(SystemError) -> Int
    /// Tells the file, as it is now, from any other and from itself after a change.
    func identity() throws(SystemError) -> FileIdentity
    /// The first bytes of the file in memory.
    ///
    /// - Parameter length: how many; at least one, and no more than the file has.
    func map(length: Int) throws(SystemError) -> FileMapping
    /// Takes the writer's lock, without waiting: whether it was free.
    func lock() throws(SystemError) -> Bool
    /// Whether someone else holds the writer's lock.
    func isLocked() throws(SystemError) -> Bool
}

extension DeviceFile {
    package func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int { 0 }
}

extension Device {
    package var allowsBackgroundWork: Bool { true }
    package var mapsFiles: Bool { false }
    package func damage(of name: String) -> [Damage] { [] }
}
