import EventSourcing

/// Snapshotting, shown on an order: six examples that print what the reference program prints, and the settings for
/// production.
public struct OrderExamples {
    let makeStores: () async throws -> ExampleStores
    let print: (String) -> Void

    /// - Parameters:
    ///   - makeStores: gives the stores for one example. Every example makes orders with identifiers of their own, so
    ///     that these may be the same stores each time.
    ///   - print: takes one line of output, without its end.
    public init(makeStores: @escaping () async throws -> ExampleStores, print: @escaping (String) -> Void) {
        self.makeStores = makeStores
        self.print = print
    }

    /// Runs the six examples of the reference program.
    public func runAll() async throws {
        try await basicSnapshotting()
        try await manualSnapshot()
        try await backgroundSnapshot()
        try await schemaVersioning()
        try await performanceComparison()
        try await snapshotInspection()
        heading("ALL EXAMPLES COMPLETED")
    }

    func heading(_ title: String) {
        let rule = String(repeating: "=", count: 60)
        for line in ["", rule, title, rule] { print(line) }
    }

    func repository<State: Aggregate>(
        of type: State.Type = Order.self, on stores: ExampleStores, _ policy: SnapshotPolicy
    ) -> AggregateRepository<State> {
        AggregateRepository(store: stores.events, snapshotStore: stores.snapshots, snapshotPolicy: policy)
    }
}
