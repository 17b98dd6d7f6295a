import EventSourcing
import Strata

/// Appends to a store of Strata's, with tasks as writers.
actor StrataAppends {
    private let store: StrataStore
    private let sample: EventSample
    private var sources: [EventSource]
    private let batch: Int
    private let measuresLatency: Bool

    /// - Parameters:
    ///   - writers: how many appends are under way at once.
    ///   - batch: events in an append.
    ///   - seed: determines the events; stores that hold others already need another.
    init(
        path: String, sample: EventSample, writers: Int, batch: Int, durability: StrataOptions.DurabilityMode,
        measuresLatency: Bool = true, seed: UInt64 = 1
    ) async throws {
        store = try await StrataStore.open(at: path, options: StrataOptions(durability: durability))
        self.sample = sample
        self.batch = batch
        self.measuresLatency = measuresLatency
        sources = (0..<writers).map { EventSource(sample, writer: $0, of: writers, seed: seed) }
    }

    /// Appends for some time with all writers.
    func run(seconds: Double) async throws -> WriterTimes {
        let start = Clock.now
        let end = start + UInt64(seconds * 1e9)
        var times = WriterTimes(appendsByWriter: Array(repeating: 0, count: sources.count))
        let (events, sample, batch, measures) = (store.events, sample, batch, measuresLatency)
        let moved = sources
        sources = []
        let results = try await withThrowingTaskGroup(of: (Int, EventSource, Int, [UInt64]).self) { group in
            for (index, source) in moved.enumerated() {
                group.addTask {
                    var source = source
                    let (appends, latencies) = try await Self.append(
                        from: &source, sample, to: events, batch: batch, until: end, measures: measures)
                    return (index, source, appends, latencies)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
        }
        times.nanoseconds = Clock.now - start
        for (index, source, appends, latencies) in results {
            sources.append(source)
            times.appendsByWriter[index] = appends
            times.events += appends * batch
            times.latencies += latencies
        }
        return times
    }

    private static func append(
        from source: inout EventSource, _ sample: EventSample, to store: StrataEventStore, batch: Int,
        until end: UInt64, measures: Bool
    ) async throws -> (Int, [UInt64]) {
        var appends = 0
        var latencies: [UInt64] = []
        var before = Clock.now
        while before < end {
            let append = source.next(batch)
            let events = append.events.map { sample.newEvent($0) }
            let start = measures ? Clock.now : before
            _ = try await store.append(events, to: sample.name(of: append.stream), expecting: .exactly(append.after))
            before = Clock.now
            if measures { latencies.append(before - start) }
            appends += 1
        }
        return (appends, latencies)
    }

    /// Begins to compact the store.
    nonisolated func compact(_ options: CompactionOptions) -> Compaction {
        store.compact(options)
    }

    func close() async throws {
        try await store.close()
    }
}
