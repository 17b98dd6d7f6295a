import EventSourcing
import Synchronization

extension SimulatedDevice {
    /// Everything on the device, as it is now.
    package var storage: SimulatedStorage { state.withLock { $0.storage } }
    /// How many calls there were.
    package var calls: Int { state.withLock { $0.calls } }
    /// How many calls there were that change what readers see.
    package var mutatingCalls: Int { state.withLock { $0.mutatingCalls } }
    /// How many files are open.
    package var openFiles: Int { state.withLock { $0.openFiles.count } }
    /// The calls that went wrong on command.
    package var struck: [DeviceCall] { state.withLock { $0.struck } }
    /// The images that were kept.
    package var images: [Image] { state.withLock { $0.images } }
    /// The calls that were kept.
    package var log: [DeviceCall] { state.withLock { $0.log } }

    /// Keeps an image of the device after each call that changes it or makes it durable.
    package func keepImages() { state.withLock { $0.keepsImages = true } }
    /// Keeps no more images, and drops those that there are.
    package func dropImages() {
        state.withLock { state in
            state.keepsImages = false
            state.images = []
        }
    }
    /// Remembers each call.
    package func keepCalls() { state.withLock { $0.keepsCalls = true } }

    /// Has something done before each call, on the thread that makes it.
    package func beforeCalls(_ body: (@Sendable (DeviceCall.Operation, _ name: String) -> Void)?) {
        state.withLock { $0.beforeCalls = body }
    }

    /// Has something done before each write to a file, on the thread that writes.
    package func beforeWrites(_ body: @escaping @Sendable () -> Void) {
        beforeCalls { operation, _ in if operation == .write { body() } }
    }

    /// Has jobs on a thread take turns before calls that change something or make it durable. None comes while an engine's
    /// thread would have others wait: in a sync of the directory of segments, and while a sidecar is made anew.
    func giveWay(to thread: SimulatedThread?) {
        guard let thread else { return beforeCalls(nil) }
        beforeCalls { operation, name in
            guard operation.isMutating || operation.isSync else { return }
            let isExclusive = operation == .syncDirectory && name == "events" || name.contains(".idx")
            if !isExclusive { thread.giveWay() }
        }
    }

    /// Lets calls go wrong; call numbers count from the device's first.
    package func inject(_ faults: [DeviceFault]) { state.withLock { $0.faults += faults } }
    /// From now on nothing goes wrong any more.
    package func clearFaults() { state.withLock { $0.faults = [] } }
    /// So many more bytes fit; nil for any number.
    package func setRoom(_ bytes: Int?) { state.withLock { $0.room = bytes } }

    /// Whether there is an end to the room.
    package var isFilling: Bool { state.withLock { $0.room != nil } }

    /// Sets the clock forward or back.
    package func jumpClock(bySeconds seconds: Int64) {
        state.withLock { $0.time = $0.time.advanced(byNanoseconds: 0, seconds: seconds) }
    }
}
