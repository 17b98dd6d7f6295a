import EventSourcing

extension EventStoreContract {
    static let atomicity: [Requirement] = [
        Requirement("an append refused for its last event's id stores none of its events") { store in
            let taken = try await store.append(1, to: .sample())
            let stream = StreamID.sample()
            _ = try? await store.append(NewEvent.samples(3) + taken, to: stream, expecting: .any)
            try await store.readStream(stream).require("the stream", gives: [NewEvent]())
        },
        Requirement("an append refused for its last event's payload stores none of its events") { store in
            let invalid = NewEvent.sample(payload: Bytes([0xFF]))
            _ = try? await store.append(NewEvent.samples(3) + [invalid], to: .sample(), expecting: .any)
            try await store.readAll().require("the store", gives: [NewEvent]())
        },
        Requirement("an append refused for a conflict stores none of its events") { store in
            let stream = StreamID.sample()
            let events = try await store.append(2, to: stream)
            _ = try? await store.append(NewEvent.samples(3), to: stream, expecting: .noStream)
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("a refused append leaves nothing in the feed") { store in
            let stream = StreamID.sample()
            let events = try await store.append(2, to: stream)
            _ = try? await store.append(NewEvent.samples(3), to: stream, expecting: .exactly(7))
            try await store.readAll().require("the store", gives: events)
        },
        Requirement("a refused append leaves the current position") { store in
            let stream = StreamID.sample()
            let stored = try await store.append(.sample(), to: stream)
            _ = try? await store.append(NewEvent.samples(3), to: stream, expecting: .exactly(7))
            try require("the current position", try await store.currentPosition(), is: stored.lastPosition)
        },
        Requirement("a refused append takes no versions") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            _ = try? await store.append(NewEvent.samples(3), to: stream, expecting: .noStream)
            try await store.append(1, to: stream)
            let versions = try await store.readStream(stream).collect().map(\.version)
            try require("the versions", versions, is: [1, 2, 3])
        },
        Requirement("a refused append leaves its event ids free") { store in
            let stream = StreamID.sample()
            let events = NewEvent.samples(2)
            _ = try? await store.append(events, to: stream, expecting: .exactly(7))
            for event in events {
                try require(
                    "whether a refused event is stored", try await store.containsEvent(withID: event.id), is: false)
            }
            _ = try await store.append(events, to: stream, expecting: .noStream)
        },
        Requirement("an append without events begins no stream") { store in
            let stream = StreamID.sample()
            _ = try? await store.append([], to: stream, expecting: .any)
            _ = try await store.append([.sample()], to: stream, expecting: .noStream)
        },
    ]
}
