package import EventSourcing
import Glibc
package import Strata
import Synchronization

/// A device in memory that counts its calls, fails on command, and can be looked at as it would be after a loss of
/// power at any moment.
package final class SimulatedDevice: Device {
    package struct Image: Sendable {
        /// The call behind which the image was taken.
        package let call: DeviceCall
        package let storage: SimulatedStorage
    }

    struct State {
        var storage: SimulatedStorage
        var calls = 0
        var mutatingCalls = 0
        var faults: [DeviceFault] = []
        /// The calls that went wrong on command.
        var struck: [DeviceCall] = []
        /// Bytes that still fit; nil for any number.
        var room: Int?
        var beforeCalls: (@Sendable (DeviceCall.Operation, _ name: String) -> Void)?
        var keepsImages = false
        var images: [Image] = []
        var keepsCalls = false
        var log: [DeviceCall] = []
        var time: Timestamp
        var randomness: SeededRandomness
        /// The open file that holds the lock.
        var lockHolder: Int?
        var openFiles: [Int: Int] = [:]
        var nextOpenFile = 1
        /// What was written last, for writes that arrive with it.
        var lastWrite: [UInt8] = []
        /// How the call that is under way goes wrong.
        var pendingEffect: DeviceFault.Effect?
        /// Files and directories of which the next sync reports what an earlier one should have.
        var lateReports: Set<Int> = []
        /// Files and directories that show pages until the last reference is gone.
        var doomed: Set<Int> = []
    }

    package let path = "simulated.strata"
    package var allowsBackgroundWork: Bool { false }
    let state: Mutex<State>

    package init(_ storage: SimulatedStorage = SimulatedStorage(), seed: UInt64 = 0) {
        let time = Timestamp(seconds: 1_700_000_000, nanoseconds: 0) ?? .distantPast
        state = Mutex(State(storage: storage, time: time, randomness: SeededRandomness(seed: seed)))
    }

    /// The device as the next process finds it when this one has died: nothing is lost but the lock. Calls of the dead
    /// process come to nothing.
    package func afterProcessDeath() -> SimulatedDevice {
        let next = SimulatedDevice()
        let survived = state.withLock { $0.afterProcessDeath() }
        next.state.withLock { $0 = survived }
        return next
    }

    /// The device as it is after a loss of power: the clock and the count of calls go on.
    package func after(_ loss: LossOfPower) -> SimulatedDevice {
        let next = afterProcessDeath()
        next.state.withLock { state in
            state.storage = storage.after(loss)
            state.lateReports = []
        }
        return next
    }

    /// The device as the next process finds it when this one died behind an earlier call.
    package func at(_ image: Image) -> SimulatedDevice {
        let next = afterProcessDeath()
        next.state.withLock { state in
            state.storage = image.storage
            state.keepsImages = false
            state.images = []
        }
        return next
    }

    package func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        let operation: DeviceCall.Operation =
            switch access {
            case .read: .openForReading
            case .readWrite: .openForWriting
            case .create: .create
            }
        let (number, node) = try perform(operation, name) { state throws(SystemError) in
            let node = access == .create ? try state.storage.createFile(name) : state.storage.node(of: name)
            guard let node else { throw SystemError(number: ENOENT, call: "open") }
            guard state.storage.files[node] != nil else { throw SystemError(number: EISDIR, call: "open") }
            let number = state.nextOpenFile
            state.nextOpenFile += 1
            state.openFiles[number] = node
            return (number, node)
        }
        return SimulatedFile(number: number, node: node, name: name, isWritable: access != .read, on: self)
    }

    package func kind(of name: String) throws(SystemError) -> FileKind? {
        try perform(.kind, name) { state throws(SystemError) in state.storage.kind(of: name) }
    }

    package func createDirectory(_ name: String) throws(SystemError) {
        try perform(.createDirectory, name) { state throws(SystemError) in try state.storage.createDirectory(name) }
    }

    package func list(_ name: String) throws(SystemError) -> [String] {
        try perform(.list, name) { state throws(SystemError) in
            // In no order, and in another one each time.
            try state.storage.list(name).sorted().shuffled(using: &state.randomness)
        }
    }

    package func rename(_ name: String, to newName: String) throws(SystemError) {
        try perform(.rename, name) { state throws(SystemError) in try state.storage.rename(name, to: newName) }
    }

    package func remove(_ name: String) throws(SystemError) {
        try perform(.remove, name) { state throws(SystemError) in try state.storage.remove(name) }
    }

    package func link(_ name: String, of source: any Device, as newName: String) throws(SystemError) {
        guard let other = source as? SimulatedDevice else { throw SystemError(number: EXDEV, call: "linkat") }
        let storage = other.storage
        try perform(.link, newName) { state throws(SystemError) in
            guard let node = storage.node(of: name), let file = storage.files[node] else {
                throw SystemError(number: ENOENT, call: "linkat")
            }
            let new = try state.storage.createFile(newName)
            // Nothing of what is shared is written any more: a copy stands for it.
            state.storage.files[new] = file
        }
    }

    package func syncDirectory(_ name: String) throws(SystemError) {
        try perform(.syncDirectory, name) { state throws(SystemError) in
            guard let node = state.storage.node(of: name) else { throw SystemError(number: ENOENT, call: "open") }
            try state.sync(node)
        }
    }

    package func syncParent() throws(SystemError) {
        try perform(.syncParent, ".") { state throws(SystemError) in try state.syncParent() }
    }

    package func now() -> Timestamp {
        state.withLock { state in
            state.time = state.time.advanced(byNanoseconds: 1_000)
            return state.time
        }
    }

    package func processID() -> Int32 { 4_711 }

    package func randomNumber() -> UInt64 {
        state.withLock { $0.randomness.next() }
    }

    /// Counts a call, lets it go wrong if it is to, does it, and keeps an image.
    func perform<Result: Sendable>(
        _ operation: DeviceCall.Operation, _ name: String, offset: Int = 0, length: Int = 0,
        _ body: (inout State) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        state.withLock(\.beforeCalls)?(operation, name)
        return try state.withLock { state throws(SystemError) in
            state.calls += 1
            if operation.isMutating { state.mutatingCalls += 1 }
            let call = DeviceCall(
                number: state.calls, operation: operation, name: name, offset: offset, length: length)
            if state.keepsCalls { state.log.append(call) }
            defer {
                if state.keepsImages, operation.isMutating || operation.isSync {
                    state.images.append(Image(call: call, storage: state.storage))
                }
            }
            switch state.takeFault(for: call) {
            case .error(let number): throw SystemError(number: number, call: operation.rawValue)
            case .errorAfterTheFact(let number):
                _ = try body(&state)
                throw SystemError(number: number, call: operation.rawValue)
            default: return try body(&state)
            }
        }
    }
}

extension SimulatedDevice.State {
    fileprivate func afterProcessDeath() -> SimulatedDevice.State {
        var next = self
        next.lockHolder = nil
        next.openFiles = [:]
        next.doomed = []
        for node in doomed { next.storage.revert(node) }
        return next
    }

    /// The fault that strikes the current call; write and sync faults are left to the file, in ``pendingEffect``.
    fileprivate mutating func takeFault(for call: DeviceCall) -> DeviceFault.Effect? {
        pendingEffect = nil
        guard let index = faults.firstIndex(where: { $0.call <= calls && $0.applies(to: call.operation) })
        else { return nil }
        let fault = faults[index]
        if !fault.isPersistent { faults.remove(at: index) }
        struck.append(call)
        pendingEffect = fault.effect
        if fault.effect.saysThatNothingFits, call.operation == .write, let node = storage.node(of: call.name),
            let file = storage.files[node], call.offset + call.length <= file.visible.count
        {
            storage.overwritesInPlace = false
        }
        return fault.effect
    }
}

extension Timestamp {
    /// The instant so much later, or earlier; the ends of time hold.
    func advanced(byNanoseconds nanoseconds: Int64, seconds: Int64 = 0) -> Timestamp {
        let total = Int64(self.nanoseconds) + nanoseconds
        let carry = total >= 0 ? total / 1_000_000_000 : -((999_999_999 - total) / 1_000_000_000)
        let whole = self.seconds + seconds + carry
        return Timestamp(seconds: whole, nanoseconds: UInt32(total - carry * 1_000_000_000))
            ?? (whole < 0 ? .distantPast : .distantFuture)
    }
}
