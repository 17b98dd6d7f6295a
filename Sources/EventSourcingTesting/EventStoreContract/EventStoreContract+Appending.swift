import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    static let appending: [Requirement] = [
        Requirement("an append returns the stream's new version") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            let result = try await store.append(NewEvent.samples(3), to: stream, expecting: .any)
            try require("the version returned", result.version, is: 5)
        },
        Requirement("an append returns the position of its first event") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: .sample())
            let result = try await store.append(NewEvent.samples(3), to: stream, expecting: .any)
            let first = try require("the first event", try await store.readStream(stream).collect().first)
            try require("the first position returned", result.firstPosition, is: first.position)
        },
        Requirement("an append returns the position of its last event") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: .sample())
            let result = try await store.append(NewEvent.samples(3), to: stream, expecting: .any)
            let last = try require("the last event", try await store.readStream(stream).collect().last)
            try require("the last position returned", result.lastPosition, is: last.position)
        },
        Requirement("versions begin at 1 and have no gaps") { store in
            let stream = StreamID.sample()
            for count in [1, 3, 2] { try await store.append(count, to: stream) }
            let versions = try await store.readStream(stream).collect().map(\.version)
            try require("the versions", versions, is: Array(1...6))
        },
        Requirement("every stream counts its own versions") { store in
            let streams = [StreamID.sample(), .sample()]
            for stream in streams + streams { try await store.append(2, to: stream) }
            let versions = try await store.readStream(streams[1]).collect().map(\.version)
            try require("the versions of the second stream", versions, is: [1, 2, 3, 4])
        },
        Requirement("positions begin at 1 or above") { store in
            let result = try await store.append(.sample(), to: .sample())
            try require(result.firstPosition >= 1, "the first position is \(result.firstPosition)")
        },
        Requirement("positions increase within an append") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            let positions = try await store.readStream(stream).collect().map(\.position)
            try require(positions.strictlyIncrease, "the positions are \(positions)")
        },
        Requirement("positions increase across streams in the order of appending") { store in
            let streams = [StreamID.sample(), .sample("Invoice"), .sample()]
            var positions: [Position] = []
            for stream in streams + streams {
                let result = try await store.append(NewEvent.samples(2), to: stream, expecting: .any)
                positions += [result.firstPosition, result.lastPosition]
            }
            try require(positions.strictlyIncrease, "the positions returned are \(positions)")
        },
        Requirement("positions of different streams differ") { store in
            let streams = [StreamID.sample(), .sample()]
            for stream in streams { try await store.append(2, to: stream) }
            var positions: [Position] = []
            for stream in streams { positions += try await store.readStream(stream).collect().map(\.position) }
            try require("the number of different positions", Set(positions).count, is: 4)
        },
        Requirement("an append keeps the order of its events") { store in
            let stream = StreamID.sample()
            let events = try await store.append(5, to: stream)
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("an append stands behind the stream's earlier ones") { store in
            let stream = StreamID.sample()
            var events: [NewEvent] = []
            for _ in 1...4 { events += try await store.append(1, to: stream) }
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("an append without events is refused") { store in
            let stream = StreamID.sample()
            try await require(.emptyAppend, from: "an append without events") {
                _ = try await store.append([], to: stream, expecting: .any)
            }
        },
        Requirement("stored-at does not decrease with the position") { store in
            for _ in 1...20 { try await store.append(1, to: .sample()) }
            let instants = try await store.readAll().collect().sorted { $0.position < $1.position }.map(\.storedAt)
            try require(instants == instants.sorted(), "stored-at decreases: \(instants)")
        },
        Requirement("streams with one identifier and different types are different") { store in
            let id = UUID()
            try await store.append(2, to: StreamID("Order", id))
            try require("the other stream's version", try await store.version(of: StreamID("Invoice", id)), is: 0)
        },
        Requirement("streams of one type with different identifiers are different") { store in
            try await store.append(2, to: .sample())
            try require("the other stream's version", try await store.version(of: .sample()), is: 0)
        },
        Requirement("an event knows its stream") { store in
            let stream = StreamID.sample()
            try await store.append(1, to: stream)
            try require("the stream", try await store.readAll().collect().map(\.stream), is: [stream])
        },
    ]
}

extension Array where Element: Comparable {
    fileprivate var strictlyIncrease: Bool {
        zip(self, dropFirst()).allSatisfy { $0 < $1 }
    }
}
