import EventSourcing
import Foundation
import OrderExample
import Testing

struct OrderExamplesTests {
    private func output(
        _ run: (OrderExamples) async throws -> Void, makeStores: @escaping () -> ExampleStores = Self.inMemory
    ) async throws -> [String] {
        var lines: [String] = []
        try await run(OrderExamples(makeStores: makeStores, print: { lines.append($0) }))
        return lines
    }

    private static func inMemory() -> ExampleStores {
        ExampleStores(events: InMemoryEventStore(), snapshots: InMemorySnapshotStore())
    }

    /// What the comparison leaves aside: identifiers, times, durations, and blank lines.
    private func normalized(_ lines: [String]) -> [String] {
        let rules = [
            (#"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"#, "<id>"),
            (#"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00"#, "<time>"),
            (#"\d+\.\d\dms$"#, "<duration>"),
            (#"-?\d+\.\d%$"#, "<percentage>"),
        ]
        return lines.filter { !$0.isEmpty }.map { line in
            rules.reduce(line) { $0.replacingOccurrences(of: $1.0, with: $1.1, options: .regularExpression) }
        }
    }

    @Test func theExamplesPrintWhatTheReferencePrints() async throws {
        let printed = try await output { try await $0.runAll() }
        #expect(normalized(printed) == normalized(Self.expectedOutput.components(separatedBy: "\n")))
    }

    @Test func theExamplesPrintTheSameOnOneStoreForAll() async throws {
        let stores = Self.inMemory()
        let printed = try await output({ try await $0.runAll() }, makeStores: { stores })
        #expect(normalized(printed) == normalized(Self.expectedOutput.components(separatedBy: "\n")))
    }

    @Test func blankLinesStandWhereTheReferenceProgramPrintsThem() async throws {
        let printed = try await output { try await $0.basicSnapshotting() }
        #expect(printed.indices.filter { printed[$0].isEmpty } == [0, 8])
    }

    @Test func theSettingsForProductionTakeASnapshotEvery100Events() async throws {
        let printed = try await output { try await $0.productionSettings() }
        #expect(printed.suffix(2) == ["Order version after 150 commands: 150", "Snapshot at version: 100"])
    }

    /// The reference document's own text; of a line's items only what it shows of them, the rest as the program prints.
    private static let expectedOutput = """
        ============================================================
        BASIC SNAPSHOTTING EXAMPLE
        ============================================================
        Order version after save: 5
        Snapshot exists: True
        Snapshot version: 5
        Snapshot state keys: ['order_id', 'customer_id', 'customer_email', 'items', 'status', 'total_amount']
        Loading order from snapshot...
        Loaded order version: 5
        Loaded order items: 4
        Loaded order status: created
        ============================================================
        MANUAL SNAPSHOT EXAMPLE
        ============================================================
        Snapshot after save: False
        Creating manual snapshot...
        Manual snapshot created at version: 11
        Post-submission snapshot at version: 12
        ============================================================
        BACKGROUND SNAPSHOT EXAMPLE
        ============================================================
        Saving order (snapshot will be created in background)...
        Save completed. Pending snapshots: 1
        Waited for 1 background snapshot(s)
        Snapshot exists: True
        ============================================================
        SCHEMA VERSIONING EXAMPLE
        ============================================================
        Snapshot created with schema_version: 1
        Loading with schema_version=2...
        Loaded successfully via full event replay
        Loaded version: 3
        Loaded items: 2
        ============================================================
        PERFORMANCE COMPARISON EXAMPLE
        ============================================================
        Creating order with 200 item events...
        Order saved. Version: 201
        Snapshot at version: 200
        Loading WITHOUT snapshot...
        Average load time: 15.23ms
        Loading WITH snapshot...
        Average load time: 1.45ms
        Performance improvement: 90.5%
        ============================================================
        SNAPSHOT INSPECTION EXAMPLE
        ============================================================
        Snapshot Details:
          Aggregate ID: 550e8400-e29b-41d4-a716-446655440000
          Aggregate Type: Order
          Version: 3
          Schema Version: 1
          Created At: 2024-01-15 10:30:45.123456+00:00
        Snapshot State:
          order_id: 550e8400-e29b-41d4-a716-446655440000
          customer_id: 661f9511-f30c-52e5-b827-557766551111
          customer_email: customer@example.com
          items: [2 items]
            [0]: {'product_id': '<id>', 'product_name': 'Premium Widget', 'quantity': 2, 'unit_price': 99.99}
            [1]: {'product_id': '<id>', 'product_name': 'Basic Widget', 'quantity': 5, 'unit_price': 19.99}
          status: created
          total_amount: 0.0
        ============================================================
        ALL EXAMPLES COMPLETED
        ============================================================
        """
}
