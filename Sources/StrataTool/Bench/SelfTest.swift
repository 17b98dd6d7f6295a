import EventSourcing
import Foundation
import Strata

/// What a store does on one disk: durable appends at several concurrencies, reads, and opening.
struct SelfTest: Sendable {
    /// Events in each stream that is read.
    static let streamLength = 200
    static let streams = 100
    private static let concurrencies = [1, 10, 100]
    private static let batch = 100
    private static let payload = Bytes(
        #"{"product_id":"9f1c4c86-4a3e-4b4e-9d6c-0c6a3a1f2b77","product_name":"Widget","quantity":2,"note":""#
            + String(repeating: "self-test ", count: 15) + #""}"#)

    /// Where the store is made.
    let path: String
    /// How long each figure of appends takes.
    let time: Duration

    /// Makes the store, measures, and leaves it closed.
    @concurrent
    func run() async throws -> [SelfTestFigure] {
        let options = StrataOptions(logger: StandardErrorLog.logger)
        let store = try await StrataStore.open(at: path, options: options)
        var figures: [SelfTestFigure] = []
        for writers in Self.concurrencies {
            let title = writers == 1 ? "durable appends, 1 at a time" : "durable appends, \(writers) at once"
            figures.append(
                try await appends(to: store.events, "append_\(writers)", title, writers: writers, eventCount: 1))
        }
        let title = "durable appends of \(Self.batch) events, 1 at a time"
        figures.append(
            try await appends(to: store.events, "batch_\(Self.batch)", title, writers: 1, eventCount: Self.batch))
        let streams = try await fill(store.events)
        figures.append(try await streamReads(streams, of: store.events))
        figures.append(try await feed(of: store.events))
        try await store.close()
        figures.append(try await opening(options))
        return figures
    }

    private func appends(
        to store: StrataEventStore, _ name: String, _ title: String, writers: Int, eventCount: Int
    ) async throws -> SelfTestFigure {
        let start = ContinuousClock.now
        let time = time
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<writers {
                group.addTask {
                    let stream = StreamID("SelfTest", UUID())
                    var latencies: [Duration] = []
                    repeat {
                        let events = Self.events(eventCount)
                        let before = ContinuousClock.now
                        let version = latencies.count * eventCount
                        _ = try await store.append(events, to: stream, expecting: .exactly(version))
                        latencies.append(ContinuousClock.now - before)
                    } while ContinuousClock.now - start < time
                    return latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return SelfTestFigure(
            name: name, title: title, eventsPerAppend: eventCount, latencies: latencies,
            elapsed: ContinuousClock.now - start)
    }

    private static func events(_ count: Int) -> [NewEvent] {
        (0..<count).map { _ in NewEvent(type: "Measured", payload: payload) }
    }

    /// Stores the streams that are read.
    private func fill(_ store: StrataEventStore) async throws -> [StreamID] {
        let streams = (0..<Self.streams).map { _ in StreamID("SelfTestStream", UUID()) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in streams {
                group.addTask {
                    _ = try await store.append(Self.events(Self.streamLength), to: stream, expecting: .noStream)
                }
            }
            try await group.waitForAll()
        }
        return streams
    }

    private func streamReads(_ streams: [StreamID], of store: StrataEventStore) async throws -> SelfTestFigure {
        var read = 0
        let elapsed = try await ContinuousClock().measure {
            for stream in streams {
                for try await batch in store.readStream(stream) { read += batch.count }
            }
        }
        return SelfTestFigure(
            name: "read_stream", title: "reading streams of \(Self.streamLength) events, warm",
            value: Double(read) / elapsed.seconds, unit: .eventsPerSecond)
    }

    private func feed(of store: StrataEventStore) async throws -> SelfTestFigure {
        var read = 0
        let elapsed = try await ContinuousClock().measure {
            for try await batch in store.readAll() { read += batch.count }
        }
        return SelfTestFigure(
            name: "read_feed", title: "reading the feed, \(read.grouped) events, warm",
            value: Double(read) / elapsed.seconds, unit: .eventsPerSecond)
    }

    private func opening(_ options: StrataOptions) async throws -> SelfTestFigure {
        var opened: StrataStore?
        let elapsed = try await ContinuousClock().measure {
            opened = try await StrataStore.open(at: path, options: options)
        }
        try await opened?.close()
        return SelfTestFigure(
            name: "open", title: "opening the store for writing", value: elapsed.seconds * 1e3, unit: .milliseconds)
    }
}
