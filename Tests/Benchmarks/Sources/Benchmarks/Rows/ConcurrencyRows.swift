import Strata

/// A writer beside readers.
enum ConcurrencyRows {
    private static let alone = "writer alone"
    private static let readers = 4

    static let all: [Row] = [
        Row(
            id: "readers-4", title: "1 durable writer beside 4 readers of streams", unit: .eventsPerSecond,
            targets: [.ratio(to: alone, .atLeast(0.85))]
        ) { context in
            let (sample, count) = (context.orders, min(context.scale.storedEvents, 1_000_000))
            let seconds = context.scale.seconds
            let streams = await context.stores.contents(sample, events: count).longStreams
            guard !streams.isEmpty else { return [] }
            let read = try await StrataStore.open(
                at: context.stores.strata(sample, events: count), options: StrataOptions(access: .readOnly))
            let writer = try await StrataAppends(
                path: context.makeDirectory("readers-strata"), sample: sample, writers: 1, batch: 1,
                durability: .commit)
            return [
                Side(
                    Side.strata,
                    finish: {
                        try await writer.close()
                        try await read.close()
                    }
                ) {
                    async let reads = Self.read(read, sample, streams, seconds: seconds)
                    var round = try await writer.run(seconds: seconds).round()
                    let latencies = try await reads
                    round.details["reader p99 us"] = latencies.round().details["p99 us"]
                    round.details["reader events/s"] = latencies.round().value
                    return round
                },
                Side(alone) { try await writer.run(seconds: seconds).round() },
                Side("readers alone") { try await Self.read(read, sample, streams, seconds: seconds).round() },
            ]
        }
    ]

    private static func read(
        _ store: StrataStore, _ sample: EventSample, _ streams: [Int], seconds: Double
    ) async throws -> WriterTimes {
        let start = Clock.now
        let end = start + UInt64(seconds * 1e9)
        var times = WriterTimes()
        try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for reader in 0..<readers {
                group.addTask {
                    var randomness = Randomness(seed: UInt64(reader))
                    var latencies: [UInt64] = []
                    while Clock.now < end {
                        let before = Clock.now
                        let stream = streams[randomness.index(below: streams.count)]
                        _ = try await ReadRows.readStream(store, sample.name(of: stream))
                        latencies.append(Clock.now - before)
                    }
                    return latencies
                }
            }
            for try await latencies in group {
                times.latencies += latencies
                times.events += latencies.count * ReadRows.streamLength
            }
        }
        times.nanoseconds = Clock.now - start
        return times
    }
}
