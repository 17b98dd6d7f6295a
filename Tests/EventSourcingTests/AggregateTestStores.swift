import EventSourcing
import FoundationEssentials
import Logging
import Synchronization

/// An event store that lets a test step in before an append, and remembers the reads.
final class InterceptedEventStore: EventAppending, StreamReading {
    typealias BeforeAppend =
        @Sendable (InMemoryEventStore, StreamID, _ attempt: Int) async throws(EventStoreError) -> Void

    let base = InMemoryEventStore()
    private let attempts = Mutex(0)
    private let queries = Mutex<[StreamQuery]>([])
    private let beforeAppend: BeforeAppend

    var appendCount: Int { attempts.withLock { $0 } }
    var lastQuery: StreamQuery? { queries.withLock { $0.last } }

    init(beforeAppend: @escaping BeforeAppend = { _, _, _ throws(EventStoreError) in }) {
        self.beforeAppend = beforeAppend
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        let attempt = attempts.withLock {
            $0 += 1
            return $0
        }
        try await beforeAppend(base, stream, attempt)
        return try await base.append(events, to: stream, expecting: expected)
    }

    func read(_ query: StreamQuery) -> EventBatches {
        queries.withLock { $0.append(query) }
        return base.read(query)
    }

    func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        try await base.version(of: stream)
    }

    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try await base.status(of: stream)
    }
}

/// A view of an event store that reads small batches, each as the store is by then, and lets another task step in once.
final class OvertakenEventStore: EventAppending, StreamReading {
    enum Moment {
        case beforeTheFirstBatch, behindTheFirstBatch, behindAStatus
    }

    private let base: InMemoryEventStore
    private let moment: Moment
    private let overtake: Mutex<(@Sendable (InMemoryEventStore) async throws(EventStoreError) -> Void)?>

    var isOvertaken: Bool { overtake.withLock { $0 == nil } }

    init(
        _ base: InMemoryEventStore, at moment: Moment,
        _ overtake: @escaping @Sendable (InMemoryEventStore) async throws(EventStoreError) -> Void
    ) {
        self.base = base
        self.moment = moment
        self.overtake = Mutex(overtake)
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try await base.append(events, to: stream, expecting: expected)
    }

    func read(_ query: StreamQuery) -> EventBatches {
        EventBatches { [self] in
            var rest = query
            rest.limit = 4
            var isFirst = true
            return { () async throws(EventStoreError) in
                try await self.reached(isFirst ? .beforeTheFirstBatch : .behindTheFirstBatch)
                isFirst = false
                let events = try await self.base.read(rest).collect()
                guard let last = events.last else { return nil }
                rest.from = last.version + 1
                return events
            }
        }
    }

    func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        try await base.version(of: stream)
    }

    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        let status = try await base.status(of: stream)
        try await reached(.behindAStatus)
        return status
    }

    private func reached(_ reached: Moment) async throws(EventStoreError) {
        guard reached == moment else { return }
        let step = overtake.withLock { overtake in
            defer { overtake = nil }
            return overtake
        }
        try await step?(base)
    }
}

/// A snapshot store that does what a test tells it to, by default what the in-memory store does.
struct ScriptedSnapshotStore: SnapshotStore {
    let base = InMemorySnapshotStore()
    var beforeSave: @Sendable (Snapshot) async throws(EventStoreError) -> Void = { _ throws(EventStoreError) in }
    var latest: (@Sendable (StreamID) throws(EventStoreError) -> Snapshot?)?

    func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        try await beforeSave(snapshot)
        try await base.save(snapshot)
    }

    func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        guard let latest else { return try await base.latest(for: stream) }
        return try latest(stream)
    }

    func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        try await base.delete(for: stream)
    }

    func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int {
        try await base.deleteAll(ofType: aggregateType, schemaVersionBelow: schemaVersionBelow)
    }
}

/// Something that tests collect from concurrent code.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }

    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Holds back whoever passes until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Keeps what is logged.
struct CollectingLogHandler: LogHandler {
    let entries: Collected<(level: Logger.Level, text: String)>
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        entries.append((event.level, "\(event.message) \(event.metadata ?? [:])"))
    }

    static func logger(_ entries: Collected<(level: Logger.Level, text: String)>) -> Logger {
        Logger(label: "test") { _ in CollectingLogHandler(entries: entries) }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
