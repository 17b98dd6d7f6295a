import EventSourcing
import Strata

/// Reads of whole streams and of the feed, warm, with every checksum verified where the side has checksums.
enum ReadRows {
    static let streamLength = 200

    static let all: [Row] = [
        stream(
            "stream-200", "Streams of 200 events", { $0.scale.storedEvents },
            targets: [
                .value(.atLeast(2_000_000)), .ratio(to: PeerKind.lmdb.rawValue, .atLeast(2)),
            ]),
        feed(
            "feed", "The whole feed", isRecorded: false,
            targets: [
                .value(.atLeast(10_000_000)), .ratio(to: PeerKind.lmdb.rawValue, .atLeast(1)),
            ]),
        feed("feed-recorded", "The whole feed of the recorded input", isRecorded: true, targets: []),
    ]

    static func stream(
        _ id: String, _ title: String, _ events: @escaping @Sendable (Context) -> Int,
        peers: [PeerKind] = [.sqlite, .grdb, .rocksDB, .lmdb], targets: [Target]
    ) -> Row {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: targets) { context in
            let (sample, count) = (context.orders, events(context))
            let streams = await context.stores.contents(sample, events: count).longStreams
            guard !streams.isEmpty else { return [] }
            let reads = context.scale.reads
            let store = try await context.openStrata(sample, events: count)
            let choices = Choices(streams)
            var sides = [
                Side(Side.strata, finish: { try await store.close() }) {
                    try await rate(reads * streamLength) {
                        for stream in await choices.next(reads, for: Side.strata) {
                            let read = try await readStream(store, sample.name(of: stream))
                            guard read == streamLength else { throw BenchmarkError("Strata: a stream is too short") }
                        }
                    }
                },
                try await rawLimit(context, sample, events: reads * streamLength),
            ]
            for kind in peers {
                let peer = try await context.stores.peer(kind, sample, events: count)
                sides.append(
                    Side(kind.rawValue, finish: { peer.close() }) {
                        let chosen = await choices.next(reads, for: kind.rawValue)
                        return try await rate(reads * streamLength) {
                            try await onThread {
                                for stream in chosen {
                                    let read = try peer.readStream(stream, count: streamLength)
                                    guard read == streamLength else {
                                        throw BenchmarkError("\(kind.rawValue): a stream is too short")
                                    }
                                }
                            }
                        }
                    })
            }
            return sides
        }
    }

    private static func feed(_ id: String, _ title: String, isRecorded: Bool, targets: [Target]) -> Row {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: targets) { context in
            guard let sample = isRecorded ? context.recorded : context.orders else { return [] }
            let count = isRecorded ? min(context.scale.storedEvents, 1_000_000) : context.scale.storedEvents
            let store = try await context.openStrata(sample, events: count)
            var sides = [
                Side(Side.strata, finish: { try await store.close() }) {
                    try await rate(count) {
                        var read = 0
                        for try await batch in store.events.readAll() { read += touch(batch) }
                        guard read == count else { throw BenchmarkError("Strata: events are missing") }
                    }
                },
                Side("Strata, two halves at once") {
                    let half = Position(count / 2)
                    return try await rate(count) {
                        async let front = read(store, FeedQuery(limit: count / 2))
                        let back = try await read(store, FeedQuery(after: half))
                        guard try await front + back == count else {
                            throw BenchmarkError("Strata: events are missing")
                        }
                    }
                },
                try await rawLimit(context, sample, events: min(count, 1_000_000)),
            ]
            for kind in [PeerKind.sqlite, .grdb, .rocksDB, .lmdb] {
                let peer = try await context.stores.peer(kind, sample, events: count)
                sides.append(
                    Side(kind.rawValue, finish: { peer.close() }) {
                        try await rate(count) {
                            let read = try await onThread { try peer.readFeed() }
                            guard read == count else { throw BenchmarkError("\(kind.rawValue): events are missing") }
                        }
                    })
            }
            return sides
        }
    }

    /// Reads the first events of a stream; returns how many there were.
    static func readStream(_ store: StrataStore, _ stream: StreamID) async throws -> Int {
        var read = 0
        for try await batch in store.events.readStream(stream, from: 1, to: streamLength) { read += touch(batch) }
        return read
    }

    private static func read(_ store: StrataStore, _ query: FeedQuery) async throws -> Int {
        var read = 0
        for try await batch in store.events.read(query) { read += touch(batch) }
        return read
    }

    /// Looks at the events, so that they have to be there.
    static func touch(_ events: [RecordedEvent]) -> Int {
        var sum = 0
        for event in events { sum &+= event.position.rawValue &+ event.payload.count }
        keep(sum)
        return events.count
    }

    private static func rate(_ events: Int, _ body: () async throws -> Void) async rethrows -> Round {
        Round(value: Double(events) / (try await Clock.seconds(body)), count: events)
    }

    /// Copying and checksumming as many bytes as Strata reads.
    private static func rawLimit(_ context: Context, _ sample: EventSample, events: Int) async throws -> Side {
        let recordBytes = try await RawLimit.recordBytes(
            of: sample, batch: 1, in: context.makeDirectory("read-record"))
        // More than any cache of the processor holds.
        let bytes = [UInt8](repeating: 7, count: 256 << 20)
        return Side(Side.rawLimit) {
            try await onThread {
                var buffer = [UInt8](repeating: 0, count: 256 << 20)
                _ = RawLimit.copyAndChecksum(bytes, into: &buffer)
                let seconds = RawLimit.copyAndChecksum(bytes, into: &buffer)
                return Round(value: Double(bytes.count / recordBytes) / seconds)
            }
        }
    }
}

extension Context {
    /// A filled store of Strata's, opened for reading and writing.
    func openStrata(_ sample: EventSample, events: Int) async throws -> StrataStore {
        try await StrataStore.open(at: stores.strata(sample, events: events))
    }
}

/// Chooses elements at random, the same ones for each side in the same round.
actor Choices<Element: Sendable> {
    private let elements: [Element]
    private var randomness: [String: Randomness] = [:]

    init(_ elements: [Element]) {
        self.elements = elements
    }

    func next(_ count: Int, for side: String) -> [Element] {
        var random = randomness[side] ?? Randomness(seed: 200)
        defer { randomness[side] = random }
        return (0..<count).map { _ in elements[random.index(below: elements.count)] }
    }
}
