import EventSourcing
import Foundation
import OrderExample
import Strata
import Testing

/// The README's example compiles and runs: these are its lines.
@Suite struct EmbeddingTests {
    @Test func theExampleRuns() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        // embedding: begin
        let store = try await StrataStore.open(at: path)
        let orders = AggregateRepository<Order>(
            store: store.events, snapshotStore: store.snapshots, snapshotPolicy: .background(every: 100))

        var order = orders.new()
        try order.create(customerID: UUID(), customerEmail: "customer@example.com")
        try order.addItem(UUID(), "Widget", quantity: 2, unitPrice: 19.99)
        try await orders.save(&order)
        try await orders.execute(on: order.id) { order in try order.submit() }
        try await store.close()
        // embedding: end
        let reopened = try await StrataStore.open(at: path)
        let loaded = try await AggregateRepository<Order>(store: reopened.events).load(order.id)
        #expect(loaded.state.status == .submitted)
        #expect(loaded.state.totalAmount == 39.98)
        try await reopened.close()
    }

    @Test func theReadmeShowsTheseLines() throws {
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let begin = try #require(lines.firstIndex { $0.hasSuffix("// embedding: begin") })
        let end = try #require(lines.firstIndex { $0.hasSuffix("// embedding: end") })
        let example = lines[begin + 1..<end].map { $0.hasPrefix("        ") ? String($0.dropFirst(8)) : $0 }

        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)

        #expect(readme.contains("```swift\n" + example.joined(separator: "\n") + "\n```"))
    }
}
