import EventSourcing

extension EventStoreContract {
    static let retries: [Requirement] =
        [
            repeats(expecting: .any, at: 0), repeats(expecting: .any, at: 2),
            repeats(expecting: .noStream, at: 0), repeats(expecting: .streamExists, at: 2),
            repeats(expecting: .exactly(0), at: 0), repeats(expecting: .exactly(2), at: 2),
        ] + [
            Requirement("a retry stores nothing") { store in
                let stream = StreamID.sample()
                let events = try await store.append(3, to: stream, expecting: .noStream)
                for expected in [ExpectedVersion.noStream, .any, .exactly(0)] {
                    _ = try await store.append(events, to: stream, expecting: expected)
                }
                try await store.readAll().require("the store", gives: events)
            },
            Requirement("a retry leaves the stream's version") { store in
                let stream = StreamID.sample()
                let events = try await store.append(3, to: stream, expecting: .noStream)
                _ = try await store.append(events, to: stream, expecting: .noStream)
                try require("the version", try await store.version(of: stream), is: 3)
            },
            Requirement("a retry is recognised behind further appends to its stream") { store in
                let stream = StreamID.sample()
                let events = NewEvent.samples(2)
                let first = try await store.append(events, to: stream, expecting: .noStream)
                for _ in 1...3 { try await store.append(1, to: stream) }
                let second = try await store.append(events, to: stream, expecting: .noStream)
                try requireSame(second, as: first)
            },
            Requirement("a retry is recognised behind appends to other streams") { store in
                let stream = StreamID.sample()
                let events = NewEvent.samples(2)
                let first = try await store.append(events, to: stream, expecting: .exactly(0))
                for _ in 1...3 { try await store.append(2, to: .sample()) }
                let second = try await store.append(events, to: stream, expecting: .exactly(0))
                try requireSame(second, as: first)
            },
            Requirement("a retry is recognised where the demand is put in another form") { store in
                let stream = StreamID.sample()
                try await store.append(1, to: stream)
                let events = NewEvent.samples(2)
                let first = try await store.append(events, to: stream, expecting: .exactly(1))
                for expected in [ExpectedVersion.any, .streamExists] {
                    try requireSame(try await store.append(events, to: stream, expecting: expected), as: first)
                }
            },
            Requirement("a retry is recognised by its event ids alone") { store in
                let stream = StreamID.sample()
                let events = try await store.append(2, to: stream, expecting: .noStream)
                let others = events.map {
                    NewEvent(id: $0.id, type: $0.type, occurredAt: .distantPast, payload: Bytes("{}"))
                }
                _ = try await store.append(others, to: stream, expecting: .noStream)
                let payloads = try await store.readStream(stream).collect().map(\.payload)
                try require("whether the first payloads stay", payloads == events.map(\.payload), is: true)
            },
            Requirement("each of two appends in a row can be repeated") { store in
                let stream = StreamID.sample()
                let (earlier, later) = (NewEvent.samples(2), NewEvent.samples(2))
                let first = try await store.append(earlier, to: stream, expecting: .exactly(0))
                let second = try await store.append(later, to: stream, expecting: .exactly(2))
                try requireSame(try await store.append(later, to: stream, expecting: .exactly(2)), as: second)
                try requireSame(try await store.append(earlier, to: stream, expecting: .exactly(0)), as: first)
            },
        ]

    private static func repeats(expecting expected: ExpectedVersion, at version: Int) -> Requirement {
        let place = version == 0 ? "that begins a stream" : "behind version \(version)"
        return Requirement("a retry expecting \(spell(expected)) returns the result of the append \(place)") { store in
            let stream = StreamID.sample()
            if version > 0 { try await store.append(version, to: stream) }
            let events = NewEvent.samples(3)
            let first = try await store.append(events, to: stream, expecting: expected)
            try requireSame(try await store.append(events, to: stream, expecting: expected), as: first)
        }
    }

    /// The durability may have risen in the meantime; everything else is the same.
    private static func requireSame(_ second: AppendResult, as first: AppendResult) throws(Deviation) {
        try require("the version returned", second.version, is: first.version)
        try require("the first position returned", second.firstPosition, is: first.firstPosition)
        try require("the last position returned", second.lastPosition, is: first.lastPosition)
    }
}
