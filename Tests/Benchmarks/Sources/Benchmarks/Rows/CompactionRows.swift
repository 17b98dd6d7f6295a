import EventSourcing
import Foundation
import Strata

/// What a compaction brings, and what it costs those who read and append beside it.
enum CompactionRows {
    private static let rawSegments = "segments as written"
    private static let alone = "no compaction"
    private static let writers = 10

    static let all: [Row] = [
        Row(
            id: "compact-recorded", title: "Size of the recorded input behind a compaction, of its NDJSON",
            unit: .ratio,
            targets: [.value(.atMost(0.3))]
        ) { context in
            guard let recorded = context.recordedPath else { return [] }
            let directory = try context.makeDirectory("compact-recorded")
            let lines = try EventSample.recordedLines(at: recorded)
            try lines.write(to: URL(fileURLWithPath: directory + "/events.ndjson"))
            let store = directory + "/store"
            try await StrataTool.run(["append", store, directory + "/events.ndjson"])
            let seconds = try await Clock.seconds { try await compact(store) }
            return [try size(of: store, ndjson: lines.count, seconds: seconds)]
        },
        Row(
            id: "compact-orders", title: "Size of synthetic orders behind a compaction, of their NDJSON", unit: .ratio,
            targets: [.value(.atMost(0.35))]
        ) { context in
            let events = context.scale.storedEvents
            let ndjson = try await StrataTool.exportedBytes(of: context.stores.strata(context.orders, events: events))
            let store = try await context.stores.appendableCopy(context.orders, events: events, named: "compacted")
            let seconds = try await Clock.seconds { try await compact(store) }
            return [
                try size(of: store, ndjson: ndjson, seconds: seconds) {
                    try FileManager.default.removeItem(atPath: store)
                }
            ]
        },
        Row(
            id: "compact-stream", title: "Streams of 200 events from compressed segments", unit: .eventsPerSecond,
            targets: [.ratio(to: rawSegments, .atLeast(0.4))]
        ) { context in
            let events = min(context.scale.storedEvents, 1_000_000)
            let streams = await context.stores.contents(context.orders, events: events).longStreams
            guard !streams.isEmpty else { return [] }
            let path = try await context.stores.appendableCopy(context.orders, events: events, named: "compressed")
            try await compact(path)
            let choices = Choices(streams)
            return [
                try await streamReads(Side.strata, context, StrataStore.open(at: path), choices) {
                    try FileManager.default.removeItem(atPath: path)
                },
                try await streamReads(
                    rawSegments, context, context.openStrata(context.orders, events: events), choices),
            ]
        },
        Row(
            id: "open-unindexed", title: "Opening a store whose sidecars are gone: bytes of segments",
            unit: .bytesPerSecond,
            targets: [.value(.atLeast(1e9))]
        ) { context in
            let path = try await context.stores.appendableCopy(
                context.orders, events: context.scale.storedEvents, named: "unindexed")
            let bytes = try StoreFiles(path).bytes { $0.hasSuffix(".seg") }
            return [
                Side(Side.strata, finish: { try FileManager.default.removeItem(atPath: path) }) {
                    try StoreFiles(path).removeSidecars()
                    let start = Clock.now
                    let store = try await StrataStore.open(at: path)
                    let nanoseconds = Clock.now - start
                    try await store.close()
                    return Round(
                        value: Double(bytes) / (Double(nanoseconds) / 1e9), details: ["ms": Double(nanoseconds) / 1e6])
                }
            ]
        },
        appends(
            "compact-append", "beside a compaction at full speed", ratio: 2,
            options: { _ in CompactionOptions() }),
        appends(
            "compact-append-throttled", "beside a compaction at a tenth of the disk's bandwidth", ratio: 1.1,
            options: { context in
                CompactionOptions(maxBytesPerSecond: Int(try await RawLimit.writeRate(in: context.directory) / 10))
            }),
    ]

    private static func compact(_ path: String) async throws {
        let store = try await StrataStore.open(at: path)
        _ = try await store.compact().report()
        try await store.close()
    }

    /// Files do not change from round to round: they are looked at once.
    private static func size(
        of store: String, ndjson: Int, seconds: Double, finish: @escaping @Sendable () async throws -> Void = {}
    ) throws -> Side {
        let files = StoreFiles(store)
        let all = try files.bytes { _ in true }
        let segments = try files.bytes { $0.hasSuffix(".seg") }
        return Side(Side.strata, finish: finish) {
            Round(
                value: Double(all) / Double(ndjson),
                details: [
                    "MB of NDJSON": Double(ndjson) / 1e6, "segments alone": Double(segments) / Double(ndjson),
                    "seconds": seconds,
                ])
        }
    }

    private static func streamReads(
        _ name: String, _ context: Context, _ store: StrataStore, _ choices: Choices<Int>,
        finish: @escaping @Sendable () throws -> Void = {}
    ) async throws -> Side {
        let (sample, reads) = (context.orders, context.scale.reads)
        return Side(
            name,
            finish: {
                try await store.close()
                try finish()
            }
        ) {
            let chosen = await choices.next(reads, for: name)
            let seconds = try await Clock.seconds {
                for stream in chosen { _ = try await ReadRows.readStream(store, sample.name(of: stream)) }
            }
            let events = reads * ReadRows.streamLength
            return Round(value: Double(events) / seconds, count: events)
        }
    }

    /// The latency that 99 of 100 durable appends stay below, beside a compaction and without one.
    private static func appends(
        _ id: String, _ title: String, ratio: Double,
        options: @escaping @Sendable (Context) async throws -> CompactionOptions
    ) -> Row {
        Row(
            id: id, title: "99th percentile of durable appends of \(writers) writers \(title)", unit: .milliseconds,
            targets: [.ratio(to: alone, .atMost(ratio))]
        ) { context in
            let options = try await options(context)
            return [
                Side(Side.strata) { try await latency(context, options) },
                Side(alone) { try await latency(context, nil) },
            ]
        }
    }

    private static func latency(_ context: Context, _ options: CompactionOptions?) async throws -> Round {
        let path = try await context.stores.appendableCopy(
            context.orders, events: min(context.scale.storedEvents, 1_000_000), named: "beside")
        let appends = try await StrataAppends(
            path: path, sample: context.newOrders, writers: writers, batch: 1, durability: .commit, seed: 3)
        let job = options.map { appends.compact($0) }
        var round = try await appends.run(seconds: context.scale.seconds).round()
        job?.cancel()
        let report = try await job?.report()
        try await appends.close()
        try FileManager.default.removeItem(atPath: path)
        round.details["events/s"] = round.value
        round.value = (round.details["p99 us"] ?? 0) / 1e3
        // Whether there was a compaction to the very end.
        round.details["compacting until the end"] = report.map { $0.isCancelled ? 1 : 0 }
        return round
    }
}
