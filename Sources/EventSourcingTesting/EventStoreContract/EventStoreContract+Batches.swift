import EventSourcing

extension EventStoreContract {
    /// Long reads, and reads beside which something is appended.
    static let batches: [Requirement] =
        [
            gathers("a stream") { $0.readStream($1) },
            gathers("a stream backward", reversed: true) { $0.readStream($1, direction: .backward) },
            gathers("the feed") { store, _ in store.readAll() },
            gathers("the feed backward", reversed: true) { store, _ in store.readAll(direction: .backward) },
            gathers("a category") { store, _ in store.readCategory("Order") },
            endsWhereItBegan("a stream") { $0.readStream($1) },
            endsWhereItBegan("the feed") { store, _ in store.readAll() },
            endsWhereItBegan("a category") { store, _ in store.readCategory("Order") },
        ] + [
            Requirement("a limit holds across batches") { store in
                let stream = StreamID.sample()
                let events = try await store.append(1_500, to: stream)
                for limit in [1, 511, 512, 513, 1_024, 1_499] {
                    try await store.readStream(stream, limit: limit)
                        .require("the stream with a limit of \(limit)", gives: Array(events.prefix(limit)))
                }
            },
            Requirement("events one by one are the events of the batches") { store in
                let stream = StreamID.sample()
                let events = try await store.append(1_100, to: stream)
                var seen: [RecordedEvent] = []
                for try await event in store.readStream(stream).events { seen.append(event) }
                try requireIDs(of: seen, are: events.map(\.id), "the stream one by one")
            },
            Requirement("a read can be repeated and then sees what was appended since") { store in
                let stream = StreamID.sample()
                let read = store.readStream(stream)
                var events = try await store.append(2, to: stream)
                try await read.require("the first iteration", gives: events)
                events += try await store.append(2, to: stream)
                try await read.require("the second iteration", gives: events)
            },
            Requirement("a read sees what is there when its first batch is asked for") { store in
                let stream = StreamID.sample()
                var iterator = store.readStream(stream).makeAsyncIterator()
                let events = try await store.append(2, to: stream)
                var seen: [RecordedEvent] = []
                while let batch = try await iterator.next() { seen += batch }
                try requireIDs(of: seen, are: events.map(\.id), "the stream")
            },
        ]

    typealias Read = @Sendable (any EventStore, StreamID) -> EventBatches

    private static func gathers(_ what: String, reversed: Bool = false, _ read: @escaping Read) -> Requirement {
        Requirement("\(what) of many events comes complete and in order") { store in
            let stream = StreamID.sample()
            let events = try await store.append(700, to: stream) + store.append(900, to: stream)
            let found = try await read(store, stream).collect()
            try requireIDs(of: found, are: (reversed ? events.reversed() : events).map(\.id), what)
        }
    }

    private static func endsWhereItBegan(_ what: String, _ read: @escaping Read) -> Requirement {
        Requirement("reading \(what) ends with what was there when it began") { store in
            let stream = StreamID.sample()
            let events = try await store.append(1_100, to: stream)
            var iterator = read(store, stream).makeAsyncIterator()
            var seen = try require("the first batch", try await iterator.next())
            try await store.append(5, to: stream)
            while let batch = try await iterator.next() { seen += batch }
            try requireIDs(of: seen, are: events.map(\.id), "reading \(what)")
        }
    }
}
