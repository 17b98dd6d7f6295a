import EventSourcing
import Strata
import Synchronization

/// A device under which something happens right before a file of some name is opened for the first time, in any way or
/// in one; or for a later time.
final class InterferingDevice: ForwardingDevice {
    let base: any Device
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

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        let isDue = toPass.withLock { toPass in
            guard name.hasPrefix(prefix), self.access ?? access == access, toPass >= 0 else { return false }
            toPass -= 1
            return toPass < 0
        }
        if isDue { interference(base, name) }
        return try base.open(name, access)
    }
}
