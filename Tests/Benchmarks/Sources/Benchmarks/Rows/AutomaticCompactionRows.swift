import EventSourcing
import Foundation
import Strata

/// What automatic compaction writes over a mixed life.
enum AutomaticCompactionRows {
    private static let withoutCompaction = "no compaction"
    private static let compactions = 24
    private static let streams = 2_000

    static let all: [Row] = [
        Row(
            id: "compact-amplification",
            title: "Bytes written, appends and all, with automatic compaction: 9 appends, 1 truncation, 24 segments",
            unit: .bytesPerEvent, targets: [.ratio(to: withoutCompaction, .atMost(2))]
        ) { context in
            [
                Side(Side.strata) { try await live(context, .automatic) },
                Side(withoutCompaction) { try await live(context, nil) },
            ]
        }
    ]

    /// Appends until so many segments have been sealed, and truncates a stream at every tenth step.
    private static func live(_ context: Context, _ automatic: CompactionOptions?) async throws -> Round {
        let path = try context.makeDirectory("compact-amplification")
        var options = StrataOptions(durability: .none, automaticCompaction: automatic)
        // Small segments, so that two dozen compactions take seconds; what is merged grows with them.
        options.segmentBytes = context.scale.storedEvents >= 1_000_000 ? 8 << 20 : 1 << 20
        options.automaticCompaction?.targetSegmentBytes = options.segmentBytes * 4
        let store = try await StrataStore.open(at: path, options: options)
        var sample = EventSample.orders(streams: streams)
        sample.firstStream = 0
        var source = EventSource(sample)
        var randomness = Randomness(seed: 24)
        let before = try bytesWritten()
        var events = 0
        var appended = 0
        while appended < compactions * options.segmentBytes {
            for _ in 0..<9 {
                let append = source.next()
                let new = append.events.map { sample.newEvent($0) }
                _ = try await store.events.append(new, to: sample.name(of: append.stream), expecting: .any)
                events += 1
                appended += 256 + 192
            }
            let stream = sample.name(of: randomness.index(below: streams))
            let version = try await store.events.version(of: stream)
            if version > 1 { try await store.events.truncate(stream, before: version / 2 + 1, expecting: .any) }
        }
        // Waits for whatever is under way.
        if let automatic = options.automaticCompaction { _ = try await store.compact(automatic).report() }
        let segments = try await store.statistics().segments
        try await store.close()
        return Round(
            value: Double(try bytesWritten() - before) / Double(events),
            details: [
                "events": Double(events), "segments": Double(segments.count),
                "compacted": Double(segments.count { $0.isCompacted }),
            ])
    }

    /// What the process has handed to the system's calls for writing so far.
    private static func bytesWritten() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("wchar:") }
        guard let number = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw BenchmarkError("the system does not say what was written")
        }
        return number
    }
}
