#if JetStream
import EventSourcing
import FoundationEssentials
import OrderExample
import StrataJetStream
import Testing

extension JetStreamTests {
    /// The reference document's program, on JetStream.
    @Suite struct ExamplesTests {
        @Test(arguments: [TestServers.single, TestServers.cluster])
        func theSixExamplesPrintWhatTheDocumentPrints(_ servers: TestServers) async throws {
            let printed = try await output(servers) { try await $0.runAll() }
            #expect(DocumentedOutput.comparable(printed) == DocumentedOutput.comparable(DocumentedOutput.lines))
        }

        @Test(arguments: [TestServers.single, TestServers.cluster])
        func theSettingsForProductionTakeASnapshotEvery100Events(_ servers: TestServers) async throws {
            let printed = try await output(servers) { try await $0.productionSettings() }
            #expect(printed.suffix(2) == ["Order version after 150 commands: 150", "Snapshot at version: 100"])
        }

        private func output(
            _ servers: TestServers, _ run: (OrderExamples) async throws -> Void
        ) async throws -> [String] {
            try await servers.withStore { store, _ in
                let stores = ExampleStores(events: store.events, snapshots: store.snapshots)
                var lines: [String] = []
                try await run(OrderExamples(makeStores: { stores }, print: { lines.append($0) }))
                return lines
            }
        }
    }
}
#endif
