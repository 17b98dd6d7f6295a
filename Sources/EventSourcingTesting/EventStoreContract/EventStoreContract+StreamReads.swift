import EventSourcing

extension EventStoreContract {
    static let streamReads: [Requirement] = [
        reads("a stream forward", gives: [1, 2, 3, 4, 5]) { $0.direction = .forward },
        reads("a stream backward", gives: [5, 4, 3, 2, 1]) { $0.direction = .backward },
        reads("from a version on, inclusive", gives: [3, 4, 5]) { $0.from = 3 },
        reads("up to a version, inclusive", gives: [1, 2, 3]) { $0.to = 3 },
        reads("between two versions, inclusive", gives: [2, 3, 4]) { ($0.from, $0.to) = (2, 4) },
        reads("a single version", gives: [3]) { ($0.from, $0.to) = (3, 3) },
        reads("backward between two versions", gives: [4, 3, 2]) {
            ($0.from, $0.to, $0.direction) = (2, 4, .backward)
        },
        reads("at most as many events as the limit", gives: [1, 2]) { $0.limit = 2 },
        reads("from a version on with a limit", gives: [2, 3]) { ($0.from, $0.limit) = (2, 2) },
        reads("the last events: backward with a limit", gives: [5, 4]) { ($0.direction, $0.limit) = (.backward, 2) },
        reads("backward from a version with a limit", gives: [4, 3]) {
            ($0.to, $0.direction, $0.limit) = (4, .backward, 2)
        },
        reads("nothing with a limit of 0", gives: []) { $0.limit = 0 },
        reads("everything where the limit exceeds it", gives: [1, 2, 3, 4, 5]) { $0.limit = .max },
        reads("nothing behind the last version", gives: []) { $0.from = 6 },
        reads("up to the last version where the range exceeds it", gives: [4, 5]) { ($0.from, $0.to) = (4, .max) },
        reads("from the first version where the range begins below 1", gives: [1, 2]) { ($0.from, $0.to) = (.min, 2) },
        reads("nothing where the range ends below 1", gives: []) { $0.to = 0 },
        reads("nothing in a range that ends before it begins", gives: []) { ($0.from, $0.to) = (4, 2) },
        Requirement("a stream that does not exist reads as empty") { store in
            try await store.append(2, to: .sample())
            try await store.readStream(.sample()).require("the stream", gives: [NewEvent]())
        },
        Requirement("reading a stream gives no other stream's events") { store in
            let streams = [StreamID.sample(), .sample(), .sample("Invoice")]
            var events: [NewEvent] = []
            for index in 0..<9 {
                let appended = try await store.append(1, to: streams[index % 3])
                if index % 3 == 1 { events += appended }
            }
            try await store.readStream(streams[1]).require("the stream", gives: events)
        },
        Requirement("the version of a stream is that of its last event") { store in
            let stream = StreamID.sample()
            for count in [1, 3] { try await store.append(count, to: stream) }
            try require("the version", try await store.version(of: stream), is: 4)
        },
        Requirement("the version of a stream that does not exist is 0") { store in
            try await store.append(2, to: .sample())
            try require("the version", try await store.version(of: .sample()), is: 0)
        },
        Requirement("a stream shows an append as soon as it has returned") { store in
            let stream = StreamID.sample()
            for count in 1...5 {
                try await store.append(1, to: stream)
                try require("the number of events", try await store.readStream(stream).collect().count, is: count)
            }
        },
    ]

    static let readErrors: [Requirement] = [
        isInvalid("reading a stream with a negative limit") { $0.readStream(.sample(), limit: -1) },
        isInvalid("reading a stream backward with a negative limit") {
            $0.readStream(.sample(), direction: .backward, limit: .min)
        },
        isInvalid("reading a stream of a bad name") { $0.readStream(.sample("a/b")) },
        isInvalid("reading the feed with a negative limit") { $0.readAll(limit: -1) },
        isInvalid("reading a category with a negative limit") { $0.readCategory("Order", limit: -1) },
        isInvalid("reading a category of a bad name") { $0.readCategory("a/b") },
    ]

    private static func reads(
        _ what: String, gives versions: [Int], _ narrow: @escaping @Sendable (inout StreamQuery) -> Void
    ) -> Requirement {
        Requirement("a stream of five events reads \(what)") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: .sample())
            try await store.append(5, to: stream)
            var query = StreamQuery(stream)
            narrow(&query)
            let found = try await store.read(query).collect().map(\.version)
            try require("the versions", found, is: versions)
        }
    }

    private static func isInvalid(
        _ what: String, _ read: @escaping @Sendable (any EventStore) -> EventBatches
    ) -> Requirement {
        Requirement("\(what) fails with the first batch") { store in
            try await store.append(1, to: .sample())
            var batches = read(store).makeAsyncIterator()
            try await require(.invalidArgument, from: what) { _ = try await batches.next() }
        }
    }
}
