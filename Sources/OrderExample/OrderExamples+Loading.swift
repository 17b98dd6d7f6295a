import EventSourcing
import FoundationEssentials

extension OrderExamples {
    /// A state whose shape changes: its old snapshots no longer count.
    public func schemaVersioning() async throws {
        heading("SCHEMA VERSIONING EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .sync(every: 3))

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        try order.addItem(UUID(), "Product", quantity: 1, unitPrice: 10)
        try order.addItem(UUID(), "Product 2", quantity: 2, unitPrice: 20)
        try await repository.save(&order)
        let snapshot = try await storedSnapshot(of: order.stream, in: stores)
        print("Snapshot created with schema_version: \(snapshot.schemaVersion)")

        let repositoryV2 = self.repository(of: OrderV2.self, on: stores, .sync(every: 3))
        print("")
        print("Loading with schema_version=2...")
        let loaded = try await repositoryV2.load(order.id)
        print("Loaded successfully via full event replay")
        print("Loaded version: \(loaded.version)")
        print("Loaded items: \(loaded.state.order.items.count)")
    }

    /// What a snapshot saves.
    public func performanceComparison() async throws {
        heading("PERFORMANCE COMPARISON EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .sync(every: 50))
        let repositoryWithoutSnapshots = AggregateRepository<Order>(store: stores.events)

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        let itemCount = 200
        print("Creating order with \(itemCount) item events...")
        for number in 0..<itemCount {
            try order.addItem(UUID(), "Product \(number)", quantity: 1, unitPrice: 10 + Double(number))
        }
        try await repository.save(&order)
        print("Order saved. Version: \(order.version)")
        let snapshot = try await stores.snapshots.latest(for: order.stream)
        print("Snapshot at version: \(snapshot.map { String($0.version) } ?? "None")")

        print("")
        print("Loading WITHOUT snapshot...")
        let timeWithout = try await averageLoadTime(of: order.id, from: repositoryWithoutSnapshots)
        print("Average load time: \(PythonNotation.fixed(timeWithout, 2))ms")
        print("")
        print("Loading WITH snapshot...")
        let timeWith = try await averageLoadTime(of: order.id, from: repository)
        print("Average load time: \(PythonNotation.fixed(timeWith, 2))ms")
        if timeWithout > 0 {
            let improvement = (timeWithout - timeWith) / timeWithout * 100
            print("")
            print("Performance improvement: \(PythonNotation.fixed(improvement, 1))%")
        }
    }

    /// What a snapshot holds.
    public func snapshotInspection() async throws {
        heading("SNAPSHOT INSPECTION EXAMPLE")
        let stores = try await makeStores()
        let repository = repository(on: stores, .sync(every: 3))

        var order = repository.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        try order.addItem(UUID(), "Premium Widget", quantity: 2, unitPrice: 99.99)
        try order.addItem(UUID(), "Basic Widget", quantity: 5, unitPrice: 19.99)
        try await repository.save(&order)

        let snapshot = try await storedSnapshot(of: order.stream, in: stores)
        print("Snapshot Details:")
        print("  Aggregate ID: \(snapshot.stream.id.text)")
        print("  Aggregate Type: \(snapshot.stream.aggregateType)")
        print("  Version: \(snapshot.version)")
        print("  Schema Version: \(snapshot.schemaVersion)")
        print("  Created At: \(PythonNotation.time(snapshot.createdAt))")

        let state = try JSONEventCodec().decodeState(Order.self, from: snapshot.state)
        print("")
        print("Snapshot State:")
        print("  order_id: \(state.id.text)")
        print("  customer_id: \(state.customerID?.text ?? "None")")
        print("  customer_email: \(state.customerEmail)")
        print("  items: [\(state.items.count) items]")
        for (index, item) in state.items.prefix(2).enumerated() {
            print("    [\(index)]: \(PythonNotation.dictionary(fields(of: item)))")
        }
        if state.items.count > 2 { print("    ... and \(state.items.count - 2) more") }
        print("  status: \(state.status)")
        print("  total_amount: \(state.totalAmount)")
    }

    private func fields(of item: OrderItem) -> [(name: String, value: String)] {
        OrderItem.CodingKeys.allCases.map { key in
            let value =
                switch key {
                case .productID: "'\(item.productID.text)'"
                case .productName: "'\(item.productName)'"
                case .quantity: String(item.quantity)
                case .unitPrice: String(item.unitPrice)
                }
            return (key.stringValue, value)
        }
    }

    private func storedSnapshot(of stream: StreamID, in stores: ExampleStores) async throws -> Snapshot {
        guard let snapshot = try await stores.snapshots.latest(for: stream) else {
            throw EventStoreError(.aggregateNotFound, "there is no snapshot", stream: stream)
        }
        return snapshot
    }

    /// In milliseconds, over ten loads.
    private func averageLoadTime(of id: UUID, from repository: AggregateRepository<Order>) async throws -> Double {
        let duration = try await ContinuousClock().measure {
            for _ in 0..<10 { _ = try await repository.load(id) }
        }
        return duration / .milliseconds(1) / 10
    }
}
