import StrataTesting
import Synchronization
import Testing

extension SimulatedDevice {
    /// The calls of some work that change something or make it durable, such as `sync events/1.seg`.
    func changes(_ body: () async throws -> Void) async throws -> [String] {
        keepCalls()
        let before = log.count
        try await body()
        return log[before...].filter { $0.operation.isMutating || $0.operation.isSync }.map { call in
            "\(call.operation.rawValue) \(call.name.replacing(/0{10,}/, with: ""))"
        }
    }

    /// The number of the first call of a kind in what is done to a copy of the device.
    func number(
        of operation: DeviceCall.Operation, _ name: String, in body: (SimulatedDevice) async throws -> Void
    ) async throws -> Int {
        try #require(try await numbers(of: operation, name, in: body).first)
    }

    /// The number of the last one.
    func lastNumber(
        of operation: DeviceCall.Operation, _ name: String, in body: (SimulatedDevice) async throws -> Void
    ) async throws -> Int {
        try #require(try await numbers(of: operation, name, in: body).last)
    }

    /// The numbers of all of them.
    func numbers(
        of operation: DeviceCall.Operation, _ name: String, in body: (SimulatedDevice) async throws -> Void
    ) async throws -> [Int] {
        let copy = SimulatedDevice(storage)
        copy.keepCalls()
        try await body(copy)
        return copy.log.filter { $0.operation == operation && $0.name == name }.map(\.number)
    }

    /// Has calls of a kind fail until something else is to be done before them.
    ///
    /// - Parameter count: at which one of them that begins.
    func fail(
        _ effect: DeviceFault.Effect, at failing: DeviceCall.Operation, _ failingName: String, count: Int = 1
    ) {
        let seen = Atomic(0)
        beforeCalls { [unowned self] operation, name in
            guard operation == failing, name == failingName else { return }
            guard seen.wrappingAdd(1, ordering: .relaxed).newValue >= count else { return }
            inject([DeviceFault(atCall: calls, effect)])
        }
    }
}

extension [DeviceCall] {
    /// The opening behind which a file was read for the first or for the last time, not only looked at.
    func opening(of name: String, isLast: Bool) -> DeviceCall? {
        let isRead = { (call: DeviceCall) in call.operation == .read && call.name == name }
        guard let read = isLast ? lastIndex(where: isRead) : firstIndex(where: isRead) else { return nil }
        return self[..<read].last { $0.operation == .openForReading && $0.name == name }
    }
}

/// What is done to remove files of a directory for good.
func removing(_ names: String..., from directory: String, inOrder: Bool = false) -> [String] {
    var calls: [String] = []
    for name in names {
        calls += ["create \(name).new", "rename \(name).new"]
        if inOrder || name == names.last { calls.append("syncDirectory \(directory)") }
    }
    return calls + names.map { "remove \($0)" }
}

/// What is done to give a file a new content, atomically and durably.
func replacing(_ name: String) -> [String] {
    ["create \(name).new", "write \(name).new", "sync \(name).new", "rename \(name).new", "syncDirectory ."]
}
