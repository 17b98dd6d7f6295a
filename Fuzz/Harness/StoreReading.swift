import EventSourcing
import Strata
import StrataTesting

/// Reads a store in all the ways that there are, and checks that they agree.
struct StoreReading {
    private let store: StrataStore
    /// Whether the store is sound, so that no read may fail.
    private let mustSucceed: Bool

    init(_ store: StrataStore, mustSucceed: Bool) {
        self.store = store
        self.mustSucceed = mustSucceed
    }

    /// - Returns: all events; nil where they cannot be read.
    func run() async throws -> [RecordedEvent]? {
        let forward = try await collect(store.events.readAll(), "the feed")
        let backward = try await collect(store.events.readAll(direction: .backward), "the feed backward")
        let (shown, shownBackward) = (forward.map(Self.describe), backward.map(Self.describe))
        try require(
            forward == backward.map { $0.reversed() },
            "the feed has \(shown ?? "no events") forward, and backward \(shownBackward ?? "none")")
        try await readSnapshots()
        _ = try await store.statistics()
        guard let forward else { return nil }
        try checkOrder(of: forward)
        try await readStreams(of: forward)
        for event in forward.suffix(3) { try await find(event) }
        let last = try await store.events.currentPosition()
        let lastSeen = forward.last?.position ?? 0
        try require(!mustSucceed || last ?? 0 >= lastSeen, "the current position stands before the last event's")
        return forward
    }

    private static func describe(_ events: [RecordedEvent]) -> String {
        "positions \(events.prefix(20).map { "\($0.position)" }.joined(separator: ", "))"
    }

    private func collect(_ batches: EventBatches, _ what: String) async throws(Violation) -> [RecordedEvent]? {
        do {
            return try await batches.collect()
        } catch {
            try require(!mustSucceed, "reading \(what) of a sound store fails: \(error)")
            return nil
        }
    }

    private func checkOrder(of events: [RecordedEvent]) throws(Violation) {
        for (event, next) in zip(events, events.dropFirst()) {
            try require(event.position < next.position, "positions do not increase at \(next.position)")
        }
    }

    private func readStreams(of events: [RecordedEvent]) async throws {
        for stream in Set(events.map(\.stream)).prefix(4) {
            let forward = try await collect(store.events.readStream(stream), "a stream")
            let backward = try await collect(
                store.events.readStream(stream, direction: .backward), "a stream backward")
            guard mustSucceed else { continue }
            let expected = events.filter { $0.stream == stream }
            try require(forward == expected, "a stream shows other events than the feed")
            try require(backward == expected.reversed(), "a stream backward shows other events than the feed")
            let status = try await store.events.status(of: stream)
            try require(
                expected.map(\.version) == Array(status.firstVersion...max(status.firstVersion, status.version)),
                "a stream's versions are not those that its status tells of")
            let version = try await store.events.version(of: stream)
            try require(version == status.version, "a stream has another version than its status")
        }
        for type in Set(events.map(\.stream.aggregateType)).prefix(2) {
            let category = try await collect(store.events.readCategory(type), "a category")
            let expected = events.filter { $0.stream.aggregateType == type }
            try require(!mustSucceed || category == expected, "a category shows other events than the feed")
        }
    }

    private func find(_ event: RecordedEvent) async throws {
        do {
            let found = try await store.events.event(withID: event.id)
            try require(!mustSucceed || found?.id == event.id, "an event cannot be found by its id")
        } catch let error as EventStoreError {
            try require(!mustSucceed, "looking for an event of a sound store fails: \(error)")
        }
    }

    private func readSnapshots() async throws {
        for summary in try await store.snapshots.list() {
            let version = try await store.events.version(of: summary.stream)
            try require(summary.version <= version, "a snapshot is ahead of its stream")
            _ = try await store.snapshots.latest(for: summary.stream)
        }
    }
}
