import EventSourcing
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

    @Test func theExamplesPrintWhatTheReferencePrints() async throws {
        let printed = try await output { try await $0.runAll() }
        #expect(DocumentedOutput.comparable(printed) == DocumentedOutput.comparable(DocumentedOutput.lines))
    }

    @Test func theExamplesPrintTheSameOnOneStoreForAll() async throws {
        let stores = Self.inMemory()
        let printed = try await output({ try await $0.runAll() }, makeStores: { stores })
        #expect(DocumentedOutput.comparable(printed) == DocumentedOutput.comparable(DocumentedOutput.lines))
    }

    @Test func blankLinesStandWhereTheReferenceProgramPrintsThem() async throws {
        let printed = try await output { try await $0.basicSnapshotting() }
        #expect(printed.indices.filter { printed[$0].isEmpty } == [0, 8])
    }

    @Test func theSettingsForProductionTakeASnapshotEvery100Events() async throws {
        let printed = try await output { try await $0.productionSettings() }
        #expect(printed.suffix(2) == ["Order version after 150 commands: 150", "Snapshot at version: 100"])
    }
}
