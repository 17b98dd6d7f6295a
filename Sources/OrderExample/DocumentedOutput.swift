/// What the reference document says that its program prints, for comparing with what the examples print on a store.
package enum DocumentedOutput {
    /// The lines without what differs each time: identifiers, times, durations and blank lines.
    package static func comparable(_ lines: [String]) -> [String] {
        lines.filter { !$0.isEmpty }.map { line in
            line.replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "<id>")
                .replacing(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00/, with: "<time>")
                .replacing(/\d+\.\d\dms$/, with: "<duration>")
                .replacing(/-?\d+\.\d%$/, with: "<percentage>")
        }
    }

    /// The document's own text; of a line's items only what it shows of them, the rest as the program prints.
    package static let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)

    private static let text = """
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
