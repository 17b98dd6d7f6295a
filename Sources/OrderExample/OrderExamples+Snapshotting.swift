import EventSourcing
import FoundationEssentials

extension OrderExamples {
    /// Snapshots that are taken at a threshold.
    public func basicSnapshotting() async throws {
        heading("BASIC SNAPSHOTTING EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .sync(every: 5))

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        try order.addItem(UUID(), "Widget A", quantity: 2, unitPrice: 19.99)
        try order.addItem(UUID(), "Widget B", quantity: 1, unitPrice: 49.99)
        try order.addItem(UUID(), "Widget C", quantity: 3, unitPrice: 9.99)
        try order.addItem(UUID(), "Widget D", quantity: 1, unitPrice: 29.99)
        try await repository.save(&order)

        let snapshot = try await stores.snapshots.latest(for: order.stream)
        print("Order version after save: \(order.version)")
        print("Snapshot exists: \(PythonNotation.bool(snapshot != nil))")
        if let snapshot {
            print("Snapshot version: \(snapshot.version)")
            print("Snapshot state keys: \(PythonNotation.list(try storedKeys(of: snapshot)))")
        }

        print("")
        print("Loading order from snapshot...")
        let loaded = try await repository.load(order.id)
        print("Loaded order version: \(loaded.version)")
        print("Loaded order items: \(loaded.state.items.count)")
        print("Loaded order status: \(loaded.state.status)")
    }

    /// Snapshots at milestones of the business.
    public func manualSnapshot() async throws {
        heading("MANUAL SNAPSHOT EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .manual)

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        for number in 0..<10 {
            try order.addItem(UUID(), "Product \(number)", quantity: 1, unitPrice: 10 + Double(number))
        }
        try await repository.save(&order)
        let exists = try await stores.snapshots.exists(for: order.stream)
        print("Snapshot after save: \(PythonNotation.bool(exists))")

        print("")
        print("Creating manual snapshot...")
        let milestone = try await repository.createSnapshot(of: order)
        print("Manual snapshot created at version: \(milestone.version)")

        try order.submit()
        try await repository.save(&order)
        let submission = try await repository.createSnapshot(of: order)
        print("Post-submission snapshot at version: \(submission.version)")
    }

    /// Snapshots that saves do not wait for.
    public func backgroundSnapshot() async throws {
        heading("BACKGROUND SNAPSHOT EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .background(every: 5))

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        for number in 0..<4 {
            try order.addItem(UUID(), "Product \(number)", quantity: 1, unitPrice: 10)
        }
        print("Saving order (snapshot will be created in background)...")
        try await repository.save(&order)
        print("Save completed. Pending snapshots: \(repository.pendingSnapshotCount)")

        let count = await repository.awaitPendingSnapshots()
        print("Waited for \(count) background snapshot(s)")
        let exists = try await stores.snapshots.exists(for: order.stream)
        print("Snapshot exists: \(PythonNotation.bool(exists))")
    }

    /// The settings for production: a snapshot every 100 events that no save waits for, and commands that are
    /// repeated after a conflict.
    public func productionSettings() async throws {
        heading("PRODUCTION SETTINGS")
        let stores = try await makeStores()
        let repository = repository(on: stores, .background(every: 100))

        let id = UUID()
        try await repository.execute(on: id) { order in
            try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        }
        for number in 0..<149 {
            try await repository.execute(on: id) { order in
                try order.addItem(UUID(), "Product \(number)", quantity: 1, unitPrice: 10)
            }
        }
        await repository.awaitPendingSnapshots()
        let snapshot = try await stores.snapshots.latest(for: StreamID(Order.aggregateType, id))
        let order = try await repository.load(id)
        print("Order version after 150 commands: \(order.version)")
        print("Snapshot at version: \(snapshot.map { String($0.version) } ?? "None")")
    }

    /// The names under which a snapshot holds its state, in the order in which the state declares them.
    private func storedKeys(of snapshot: Snapshot) throws -> [String] {
        struct Stored: Decodable {
            let keys: [Order.CodingKeys]

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Order.CodingKeys.self)
                keys = Order.CodingKeys.allCases.filter(container.contains)
            }
        }
        return try JSONDecoder().decode(Stored.self, from: Data(snapshot.state)).keys.map(\.stringValue)
    }
}
