import EventSourcing
import Strata
import Synchronization

/// A device under which something happens right before a file of some name is opened for the first time, in any way or
/// in one; or for a later time.
final class InterferingDevice: Device {
    private let base: any Device
    private let prefix: String
    private let access: FileAccess?
    private let interference: @Sendable (any Device, String) -> Void
    private let toPass: Mutex<Int>

    init(
        _ base: any Device, before prefix: String, access: FileAccess? = nil, passing: Int = 0,
        _ interference: @escaping @Sendable (any Device, String) -> Void
    ) {
        self.base = base
        self.prefix = prefix
        self.access = access
        self.interference = interference
        toPass = Mutex(passing)
    }

    var path: String { base.path }
    var allowsBackgroundWork: Bool { base.allowsBackgroundWork }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        let isDue = toPass.withLock { toPass in
            guard name.hasPrefix(prefix), self.access ?? access == access, toPass >= 0 else { return false }
            toPass -= 1
            return toPass < 0
        }
        if isDue { interference(base, name) }
        return try base.open(name, access)
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
