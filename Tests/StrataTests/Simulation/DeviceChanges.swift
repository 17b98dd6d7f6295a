import StrataTesting

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
}

/// What is done to give a file a new content, atomically and durably.
func replacing(_ name: String) -> [String] {
    ["create \(name).new", "write \(name).new", "sync \(name).new", "rename \(name).new", "syncDirectory ."]
}
