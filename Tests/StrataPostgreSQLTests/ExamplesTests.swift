#if PostgreSQL
import EventSourcing
import FoundationEssentials
import OrderExample
import StrataPostgreSQL
import Testing

extension PostgreSQLTests {
    /// The reference document's program, on PostgreSQL.
    @Suite struct ExamplesTests {
        @Test func theSixExamplesPrintWhatTheDocumentPrints() async throws {
            let printed = try await output { try await $0.runAll() }
            #expect(DocumentedOutput.comparable(printed) == DocumentedOutput.comparable(DocumentedOutput.lines))
        }

        @Test func theSettingsForProductionTakeASnapshotEvery100Events() async throws {
            let printed = try await output { try await $0.productionSettings() }
            #expect(printed.suffix(2) == ["Order version after 150 commands: 150", "Snapshot at version: 100"])
        }

        /// The document's production example, in Swift.
        @Test func theProductionExampleKeepsAnOrder() async throws {
            let pool = PostgreSQLConnectionPool(
                PostgreSQLOptions(TestServer.shared.connection, poolSize: 20, maxOverflow: 10))
            let schema = PostgreSQLSchema.unique()
            try await schema.migrate(using: pool)
            let orders = AggregateRepository<Order>(
                store: PostgreSQLEventStore(pool, schema: schema),
                snapshotStore: PostgreSQLSnapshotStore(pool, schema: schema), snapshotPolicy: .background(every: 100))

            var order = orders.new()
            try order.create(customerID: .init(), customerEmail: "customer@example.com")
            for number in 1...120 { try order.addItem(.init(), "Product \(number)", quantity: 1, unitPrice: 10) }
            try await orders.save(&order)
            _ = await orders.awaitPendingSnapshots()
            let loaded = try await orders.load(order.id)
            #expect(loaded.version == 121)
            #expect(loaded.state == order.state)
            let snapshot = try await PostgreSQLSnapshotStore(pool, schema: schema).latest(for: order.stream)
            #expect(snapshot?.version == 100)
            pool.close()
        }

        private func output(_ run: (OrderExamples) async throws -> Void) async throws -> [String] {
            let pool = TestServer.shared.pool()
            defer { pool.close() }
            let schema = try await PostgreSQLSchema.migrated(using: pool)
            let stores = ExampleStores(
                events: PostgreSQLEventStore(pool, schema: schema),
                snapshots: PostgreSQLSnapshotStore(pool, schema: schema))
            var lines: [String] = []
            try await run(OrderExamples(makeStores: { stores }, print: { lines.append($0) }))
            return lines
        }
    }
}
#endif
