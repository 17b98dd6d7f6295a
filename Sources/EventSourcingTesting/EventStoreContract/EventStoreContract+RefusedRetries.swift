import EventSourcing

extension EventStoreContract {
    /// Appends that resemble an earlier one without repeating it.
    static let refusedRetries: [Requirement] = [
        isNoRetry("the same events in another order") { events in [events[0], events[2], events[1]] },
        isNoRetry("the same events beginning with another") { events in [events[1], events[0], events[2]] },
        isNoRetry("the first events of an append") { events in Array(events.prefix(2)) },
        isNoRetry("the last events of an append") { events in Array(events.suffix(2)) },
        isNoRetry("an append and a new event behind it") { events in events + [.sample()] },
        isNoRetry("an append and a new event before it") { events in [.sample()] + events },
        isNoRetry("an append with its last event replaced") { events in events.dropLast() + [.sample()] },
        Requirement("two appends taken together are no retry") { store in
            let stream = StreamID.sample()
            let events = try await store.append(2, to: stream) + store.append(1, to: stream)
            try await requireDuplicate(events, to: stream, expecting: .exactly(0), of: store)
        },
        Requirement("parts of two appends taken together are no retry") { store in
            let stream = StreamID.sample()
            let earlier = try await store.append(2, to: stream)
            let later = try await store.append(2, to: stream)
            try await requireDuplicate([earlier[1], later[0]], to: stream, expecting: .exactly(1), of: store)
        },
        Requirement("an append to another stream is no retry") { store in
            let events = try await store.append(2, to: .sample(), expecting: .noStream)
            try await requireDuplicate(events, to: .sample(), expecting: .noStream, of: store)
        },
        Requirement("an append that expects a lower version than the first one met is no retry") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            let events = try await store.append(2, to: stream)
            try await requireDuplicate(events, to: stream, expecting: .exactly(1), of: store)
        },
        Requirement("an append that expects the version behind the first one is no retry") { store in
            let stream = StreamID.sample()
            let events = try await store.append(2, to: stream)
            try await requireDuplicate(events, to: stream, expecting: .exactly(2), of: store)
        },
        Requirement("expecting no stream repeats no append behind the first version") { store in
            let stream = StreamID.sample()
            try await store.append(1, to: stream)
            let events = try await store.append(2, to: stream)
            try await requireDuplicate(events, to: stream, expecting: .noStream, of: store)
        },
        Requirement("expecting an existing stream repeats no append that began it") { store in
            let stream = StreamID.sample()
            let events = try await store.append(2, to: stream)
            try await requireDuplicate(events, to: stream, expecting: .streamExists, of: store)
        },
    ]

    private static func isNoRetry(
        _ what: String, _ alter: @escaping @Sendable ([NewEvent]) -> [NewEvent]
    ) -> Requirement {
        Requirement("\(what): no retry, but a duplicate") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream, expecting: .noStream)
            try await requireDuplicate(alter(events), to: stream, expecting: .noStream, of: store)
        }
    }

    private static func requireDuplicate(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion, of store: any EventStore
    ) async throws {
        try await require(.duplicateEventID, from: "the append") {
            _ = try await store.append(events, to: stream, expecting: expected)
        }
    }
}
