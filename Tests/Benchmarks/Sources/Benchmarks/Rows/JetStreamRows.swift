import EventSourcing
import Foundation
import StrataJetStream

/// The store on JetStream beside libnats with the same messages.
struct JetStreamRows {
    private static let client = "libnats"
    private static let clientInTurn = "libnats, one get after the other"
    private static let target = Target.ratio(to: client, .atLeast(0.85))

    /// A server's address, as `nats://HOST:PORT`.
    let address: String

    var all: [Row] {
        [
            append("jetstream-append", "JetStream: 1 writer, one event an append", targets: [Self.target]),
            append("jetstream-append-20", "JetStream: 20 writers, one event an append", writers: 20),
            append(
                "jetstream-batch-100", "JetStream: 1 writer, 100 events an append", batch: 100, targets: [Self.target]),
            load,
        ]
    }

    private func append(_ id: String, _ title: String, writers: Int = 1, batch: Int = 1, targets: [Target] = []) -> Row
    {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: targets) { context in
            let repetition = Repetition(seconds: context.scale.seconds, sideBySide: writers, events: batch)
            let store = try await open()
            // The client's messages are no commits: they go to a store that nobody reads.
            let written = try await open()
            let clients = try (0..<writers).map { _ in try LibNATSClient(address, name: written.name) }
            return [
                Side(Side.strata, finish: { store.store.close() }) {
                    try await repetition.byTasks { _ in
                        _ = try await store.store.events.append(
                            ServerEvents.make(batch), to: ServerEvents.newStream(), expecting: .noStream)
                    }
                },
                Side(Self.client, finish: { written.store.close() }) {
                    try await repetition.byThreads { try clients[$0].append(batch) }
                },
            ]
        }
    }

    private var load: Row {
        Row(
            id: "jetstream-load", title: "JetStream: loading streams of \(ServerEvents.streamLength) events",
            unit: .eventsPerSecond, targets: [Self.target]
        ) { context in
            let repetition = Repetition(seconds: context.scale.seconds, events: ServerEvents.streamLength)
            let (store, name) = try await open()
            let (stream, positions) = try await ServerEvents.fillStream(of: store.events)
            let sequences = positions.map { UInt64($0.rawValue >> 14) }
            let client = try LibNATSClient(address, name: name)
            return [
                Side(Side.strata, finish: { store.close() }) {
                    try await repetition.byTasks { _ in try await ServerEvents.load(stream, of: store.events) }
                },
                Side(Self.client) { try await repetition.byThreads { _ in try client.loadAtOnce(sequences) } },
                Side(Self.clientInTurn) { try await repetition.byThreads { _ in try client.loadInTurn(sequences) } },
            ]
        }
    }

    /// An empty store of a row's own.
    private func open() async throws -> (store: JetStreamStore, name: String) {
        let name = "b" + UUID().uuidString.prefix(8).lowercased()
        return (try await JetStreamStore.open(JetStreamOptions(servers: [address], name: name)), name)
    }
}
