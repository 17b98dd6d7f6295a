import EventSourcing
import Strata

/// Typed events and aggregates, on a store in files, beside the reference's own library on its store in memory.
enum TypedRows {
    private static let reference = "eventsource-py, in memory"

    static let all: [Row] = [
        row("typed-save", "Saving an order of 201 events, durable", "save", targets: []) { orders, count in
            try await orders.save(count)
        },
        row(
            "typed-replay", "Loading an order of 201 events by a full replay", "replay",
            targets: [
                .ratio(to: reference, .atMost(0.2))
            ]
        ) { orders, count in try await orders.replay(count) },
        row(
            "typed-snapshot", "Loading an order of 201 events with a snapshot", "snapshot",
            targets: [
                .ratio(to: reference, .atMost(0.1))
            ]
        ) { orders, count in try await orders.loadWithSnapshot(count) },
    ]

    private static func row(
        _ id: String, _ title: String, _ action: String, targets: [Target],
        _ measure: @escaping @Sendable (Orders, Int) async throws -> Double
    ) -> Row {
        Row(id: id, title: title, unit: .milliseconds, targets: targets) { context in
            guard let python = context.python else { return [] }
            let orders = try await Orders(path: context.makeDirectory(id))
            let library = try ReferenceLibrary(python: python)
            let repetitions = context.scale.typedRepetitions
            return [
                Side(Side.strata, finish: { try await orders.close() }) {
                    Round(value: try await measure(orders, repetitions))
                },
                Side(reference, finish: { try library.close() }) {
                    try await onThread { Round(value: try library.measure(action, repetitions: repetitions)) }
                },
            ]
        }
    }

    /// Orders in a store, one of which has a snapshot at version 200.
    private struct Orders: Sendable {
        private let store: StrataStore
        private let plain: AggregateRepository<TypedOrder>
        private let snapshotting: AggregateRepository<TypedOrder>
        private let known: AggregateRoot<TypedOrder>

        init(path: String) async throws {
            store = try await StrataStore.open(at: path)
            plain = AggregateRepository(store: store.events)
            snapshotting = AggregateRepository(
                store: store.events, snapshotStore: store.snapshots, snapshotPolicy: .sync(every: 50))
            var order = TypedOrder.recorded()
            try await snapshotting.save(&order)
            known = order
        }

        func save(_ count: Int) async throws -> Double {
            var orders = (0..<count).map { _ in TypedOrder.recorded() }
            return try await milliseconds(count) { index in try await plain.save(&orders[index]) }
        }

        func replay(_ count: Int) async throws -> Double {
            try await milliseconds(count) { _ in try await load(plain) }
        }

        func loadWithSnapshot(_ count: Int) async throws -> Double {
            try await milliseconds(count) { _ in try await load(snapshotting) }
        }

        private func load(_ repository: AggregateRepository<TypedOrder>) async throws {
            let order = try await repository.load(known.id)
            guard order.version == TypedOrder.itemCount + 1, order.state.items.count == TypedOrder.itemCount else {
                throw BenchmarkError("an order was not loaded as it was saved")
            }
        }

        private func milliseconds(_ count: Int, _ body: (Int) async throws -> Void) async throws -> Double {
            try await Clock.seconds { for index in 0..<count { try await body(index) } } * 1e3 / Double(count)
        }

        func close() async throws {
            try await store.close()
        }
    }
}
