import StrataTesting
import Synchronization

@testable import Strata

/// A device on which files are made and removed by several threads, one of which meets a sync that fails.
final class SharedDirectoryDevice: ForwardingDevice {
    private struct Hooks {
        var afterCreate: @Sendable (String) -> Void = { _ in }
        var beforeRemove: @Sendable (String) -> Void = { _ in }
        var afterFailure: @Sendable () -> Void = {}
    }

    let device: SimulatedDevice
    var base: any Device { device }
    private let hooks = Mutex(Hooks())
    /// Whether the next sync of the directory of segments fails.
    let failsNextSync = Atomic(false)

    init(_ device: SimulatedDevice) {
        self.device = device
    }

    var afterCreate: @Sendable (String) -> Void {
        get { hooks.withLock { $0.afterCreate } }
        set { hooks.withLock { $0.afterCreate = newValue } }
    }
    var beforeRemove: @Sendable (String) -> Void {
        get { hooks.withLock { $0.beforeRemove } }
        set { hooks.withLock { $0.beforeRemove = newValue } }
    }
    var afterFailure: @Sendable () -> Void {
        get { hooks.withLock { $0.afterFailure } }
        set { hooks.withLock { $0.afterFailure = newValue } }
    }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        let file = try base.open(name, access)
        if access == .create { afterCreate(name) }
        return file
    }

    func remove(_ name: String) throws(SystemError) {
        beforeRemove(name)
        try base.remove(name)
    }

    func syncDirectory(_ name: String) throws(SystemError) {
        let fails = name == StoreLayout.events && failsNextSync.exchange(false, ordering: .relaxed)
        if fails { device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))]) }
        defer { if fails { afterFailure() } }
        try base.syncDirectory(name)
    }
}
