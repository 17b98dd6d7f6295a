/// Appends to a peer, with threads as writers.
final class PeerAppends: Sendable {
    private let store: any PeerStore
    private let batch: Int
    private let writers: [Writer]

    /// Sendable because one thread at a time has it.
    private final class Writer: @unchecked Sendable {
        var source: EventSource

        init(_ source: EventSource) {
            self.source = source
        }
    }

    init(
        _ kind: PeerKind, path: String, sample: EventSample, writers: Int, batch: Int, durability: PeerDurability
    ) throws {
        store = try kind.open(at: path, sample: sample, durability: durability)
        self.batch = batch
        self.writers = (0..<writers).map { Writer(EventSource(sample, writer: $0, of: writers)) }
    }

    /// Appends for some time with all writers.
    func run(seconds: Double) async throws -> WriterTimes {
        let start = Clock.now
        let end = start + UInt64(seconds * 1e9)
        let (store, batch) = (store, batch)
        var times = WriterTimes()
        try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for writer in writers {
                group.addTask {
                    try await onThread {
                        var latencies: [UInt64] = []
                        while Clock.now < end {
                            let append = writer.source.next(batch)
                            let before = Clock.now
                            try store.append(append)
                            latencies.append(Clock.now - before)
                        }
                        return latencies
                    }
                }
            }
            for try await latencies in group {
                times.latencies += latencies
                times.appendsByWriter.append(latencies.count)
                times.events += latencies.count * batch
            }
        }
        times.nanoseconds = Clock.now - start
        return times
    }

    func close() {
        store.close()
    }
}
