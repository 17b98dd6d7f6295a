import StrataTesting
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
        let copy = SimulatedDevice(storage)
        copy.keepCalls()
        try await body(copy)
        return try #require(copy.log.first { $0.operation == operation && $0.name == name }).number
    }
}

/// What is done to give a file a new content, atomically and durably.
func replacing(_ name: String) -> [String] {
    ["create \(name).new", "write \(name).new", "sync \(name).new", "rename \(name).new", "syncDirectory ."]
}
