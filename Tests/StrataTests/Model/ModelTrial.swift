import EventSourcing
import Foundation
import StrataTesting

/// A store that a trial can open again, and compact where it can be compacted.
protocol TrialSubject: Sendable {
    var events: any EventStore { get async throws }
    var snapshots: any SnapshotStore { get async throws }
    /// Closes the store and opens it again; nothing of what it holds changes.
    func reopen() async throws
    /// Gives room back; nothing of what readers see changes.
    func compact() async throws
}

/// Does random operations to a store and to a model of it, and compares every answer.
struct ModelTrial {
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// So many events are left about, so that the model stays quick.
    private static let eventsLeft = 1_500

    private let subject: any TrialSubject
    private let seed: UInt64
    private var randomness: SeededRandomness
    private var model = StoreModel()
    private let streams: [StreamID]
    /// Events that were appended, some of them released since, for retries and duplicates.
    private var former: [(events: [NewEvent], stream: StreamID)] = []
    private(set) var counts: [String: Int] = [:]

    init(_ subject: any TrialSubject, seed: UInt64) {
        self.subject = subject
        self.seed = seed
        var randomness = SeededRandomness(seed: seed)
        streams = (0..<24).map { number in
            StreamID(["Order", "Customer", "Invoice"][number % 3], UUID(using: &randomness))
        }
        self.randomness = randomness
    }

    /// - Throws: ``Difference`` with the seed and the number of the operation.
    mutating func run(_ operations: Int) async throws {
        for number in 1...operations {
            do {
                try await perform()
                if number % 2_000 == 0 || number == operations { try await compareEverything() }
            } catch {
                throw Difference(description: "operation \(number), seed \(seed): \(error)")
            }
        }
    }

    private mutating func perform() async throws {
        let isFull = model.feed.count > Self.eventsLeft
        switch pick(0..<1_000) {
        case 0..<380: try await count("append") { try await $0.append() }
        case 380..<430: try await count("repeat") { try await $0.repeatAppend() }
        case 430..<(isFull ? 520 : 470): try await count("truncate") { try await $0.truncate() }
        case 520..<(isFull ? 570 : 528): try await count("delete") { try await $0.delete() }
        case 570..<620: try await count("snapshot") { try await $0.changeSnapshot() }
        case 620..<720: try await count("read a stream") { try await $0.readStream() }
        case 720..<800: try await count("read the feed") { try await $0.readFeed() }
        case 800..<860: try await count("read a category") { try await $0.readCategory() }
        case 860..<994: try await count("look up") { try await $0.lookUp() }
        case 994..<996: try await count("reopen") { try await $0.subject.reopen() }
        case 996..<998: try await count("compact") { try await $0.subject.compact() }
        default: break
        }
    }

    private mutating func count(
        _ name: String, _ body: (inout ModelTrial) async throws -> Void
    ) async throws {
        counts[name, default: 0] += 1
        do { try await body(&self) } catch { throw Difference(description: "\(name): \(error)") }
    }

    private mutating func pick(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &randomness)
    }

    private mutating func pickStream() -> StreamID {
        // One in fifty is of a stream that nobody appends to.
        pick(0..<50) == 0 ? StreamID("Order", UUID(using: &randomness)) : streams[pick(0..<streams.count)]
    }

    private func require<Value: Equatable>(_ what: String, _ found: Value, _ expected: Value) throws {
        guard found != expected else { return }
        throw Difference(description: "\(what) is \(Self.spell(found)), and should be \(Self.spell(expected))")
    }

    private static func spell<Value>(_ value: Value) -> String {
        guard let events = value as? [RecordedEvent] else { return "\(value)" }
        return "\(events.count) events: \(events.prefix(30).map { "\($0.position)/\($0.version)" })"
    }

    private func answer<Result, Value: Equatable>(
        _ value: (Result) -> Value, _ body: () async throws -> Result
    ) async throws -> StoreModel.Answer<Value> {
        do { return .done(value(try await body())) } catch let error as EventStoreError { return .failed(error.code) }
    }
}

// MARK: Changes

extension ModelTrial {
    private mutating func newEvents() -> [NewEvent] {
        let isLarge = pick(0..<60) == 0
        return (0..<(pick(0..<4) == 0 ? pick(1..<8) : 1)).map { _ in
            NewEvent(
                id: UUID(using: &randomness), type: ["Placed", "Paid", "Shipped"][pick(0..<3)],
                occurredAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 5) ?? .distantPast,
                payload: Bytes("\"\(String(repeating: "x", count: pick(0..<(isLarge ? 9_000 : 200))))\""),
                metadata: EventMetadata(tenantID: pick(0..<3) == 0 ? "acme" : nil))
        }
    }

    private mutating func expectation(of stream: StreamID) -> ExpectedVersion {
        let version = model.status(of: stream).version
        return switch pick(0..<12) {
        case 0..<5: .any
        case 5: .noStream
        case 6: .streamExists
        case 7: .exactly(max(0, version + pick(-2..<3)))
        default: .exactly(version)
        }
    }

    private mutating func append() async throws {
        let stream = pickStream()
        try await append(newEvents(), to: stream, expectation(of: stream))
    }

    /// Appends what was appended before, or some of it: a retry, a duplicate, or ids that are free again.
    private mutating func repeatAppend() async throws {
        guard !former.isEmpty else { return }
        let (events, stream) = former[pick(0..<former.count)]
        let part = pick(0..<4) == 0 ? Array(events.dropFirst(pick(0..<events.count))) : events
        let target = pick(0..<5) == 0 ? pickStream() : stream
        let first = model.event(withID: part[0].id)?.version
        let isRetry = pick(0..<2) == 0
        let expected: ExpectedVersion = isRetry ? first.map { .exactly($0 - 1) } ?? .any : expectation(of: target)
        try await append(part, to: target, expected)
    }

    private mutating func append(
        _ events: [NewEvent], to stream: StreamID, _ expected: ExpectedVersion
    ) async throws {
        let store = try await subject.events
        let (expectedAnswer, isStored) = model.decide(events, to: stream, expected)
        let found = try await answer({ (result: AppendResult) in
            StoreModel.Appended(
                version: result.version, firstPosition: result.firstPosition.rawValue,
                lastPosition: result.lastPosition.rawValue)
        }) { try await store.append(events, to: stream, expecting: expected) }
        try require("the answer to an append expecting \(expected)", found, expectedAnswer)
        guard isStored, case .done(let result) = found else { return }
        let stored = try await store.event(withID: events[0].id)
        guard let storedAt = stored?.storedAt else { throw Difference(description: "an appended event is not found") }
        guard storedAt >= model.feed.last?.storedAt ?? .distantPast else {
            throw Difference(description: "stored-at goes back")
        }
        model.store(
            events.enumerated().map { offset, event in
                RecordedEvent(
                    event, stream: stream, version: result.version - events.count + 1 + offset,
                    position: Position(result.firstPosition + offset), storedAt: storedAt)
            })
        former.append((events, stream))
        if former.count > 400 { former.removeFirst(200) }
    }

    private mutating func truncate() async throws {
        let stream = pickStream()
        let status = model.status(of: stream)
        let before = pick(0..<20) == 0 ? pick(-1..<(status.version + 4)) : pick(1..<(status.version + 2))
        let expected = expectation(of: stream)
        let store = try await subject.events
        let found = try await answer({ (result: DeletionResult) in result.status }) {
            try await store.truncate(stream, before: before, expecting: expected)
        }
        try require(
            "the answer to a truncation before \(before) expecting \(expected)", found,
            model.truncate(stream, before: before, expected))
    }

    private mutating func delete() async throws {
        let stream = pickStream()
        // Most streams live on.
        let isTombstone = pick(0..<4) == 0 && (stream == streams[0] || !streams.contains(stream) || pick(0..<40) == 0)
        let expected = expectation(of: stream)
        let store = try await subject.events
        let found = try await answer({ (result: DeletionResult) in result.status }) {
            try await store.delete(stream, mode: isTombstone ? .tombstone : .soft, expecting: expected)
        }
        let wanted = isTombstone ? model.tombstone(stream, expected) : model.truncate(stream, before: nil, expected)
        try require("the answer to a deletion expecting \(expected)", found, wanted)
    }

    private mutating func changeSnapshot() async throws {
        let stream = streams[pick(0..<streams.count)]
        let store = try await subject.snapshots
        let status = model.status(of: stream)
        let known = model.snapshots[stream]
        // Compaction may drop one whose event was released.
        let isCertain = known.map { $0.version >= status.firstVersion } ?? true
        switch pick(0..<5) {
        case 0:
            let existed = try await store.delete(for: stream)
            model.snapshots[stream] = nil
            if isCertain { try require("whether there was a snapshot", existed, known != nil) }
        case 1, 2:
            let found = try await store.latest(for: stream)
            if isCertain || found != nil { try require("the snapshot", found, known) }
        default:
            guard !status.isEmpty else { return }
            let snapshot = Snapshot(
                stream: stream, version: status.version, schemaVersion: 1, createdAt: .distantPast,
                state: Bytes(randomness.bytes(pick(0..<600))))
            try await store.save(snapshot)
            model.snapshots[stream] = snapshot
        }
    }
}

// MARK: Reads

extension ModelTrial {
    private mutating func limit() -> Int? {
        pick(0..<4) == 0 ? nil : pick(0..<30)
    }

    private mutating func direction() -> ReadDirection {
        pick(0..<2) == 0 ? .forward : .backward
    }

    private mutating func readStream() async throws {
        let stream = pickStream()
        let version = model.status(of: stream).version
        let query = StreamQuery(
            stream, from: pick(0..<3) == 0 ? nil : pick(-1..<(version + 3)),
            to: pick(0..<3) == 0 ? nil : pick(-1..<(version + 3)), direction: direction(), limit: limit())
        try require("the stream", try await subject.events.read(query).collect(), model.read(query))
    }

    private mutating func readFeed() async throws {
        let query = FeedQuery(
            after: pick(0..<3) == 0 ? nil : Position(pick(0..<(model.lastPosition + 3))), direction: direction(),
            limit: limit(),
            filter: EventFilter(
                aggregateTypes: pick(0..<3) == 0 ? ["Order", "Invoice"] : nil,
                eventTypes: pick(0..<3) == 0 ? ["Paid"] : nil, tenantID: pick(0..<4) == 0 ? "acme" : nil))
        try require("the feed", try await subject.events.read(query).collect(), model.read(query))
    }

    private mutating func readCategory() async throws {
        let from = model.feed.isEmpty ? nil : model.feed[pick(0..<model.feed.count)].storedAt
        let query = CategoryQuery(
            ["Order", "Customer", "Nothing"][pick(0..<3)], from: pick(0..<2) == 0 ? from : nil,
            tenantID: pick(0..<3) == 0 ? "acme" : nil, limit: limit())
        try require("the category", try await subject.events.read(query).collect(), model.read(query))
    }

    private mutating func lookUp() async throws {
        let store = try await subject.events
        let stream = pickStream()
        try require("the status", try await store.status(of: stream), model.status(of: stream))
        try require("the version", try await store.version(of: stream), model.status(of: stream).version)
        let last = model.lastPosition == 0 ? nil : Position(model.lastPosition)
        try require("the position", try await store.currentPosition(), last)
        guard !former.isEmpty else { return }
        let events = former[pick(0..<former.count)].events
        let id = events[pick(0..<events.count)].id
        try require("the event", try await store.event(withID: id), model.event(withID: id))
        try require(
            "whether it is contained", try await store.containsEvent(withID: id), model.event(withID: id) != nil)
    }

    private func compareEverything() async throws {
        let store = try await subject.events
        try require("the whole feed", try await store.readAll().collect(), model.feed)
        let backward = try await store.readAll(direction: .backward).collect()
        try require("the whole feed backward", Array(backward.reversed()), model.feed)
        for stream in model.streams.keys {
            try require("a status", try await store.status(of: stream), model.status(of: stream))
            try require("a stream", try await store.readStream(stream).collect(), model.read(StreamQuery(stream)))
        }
    }
}
