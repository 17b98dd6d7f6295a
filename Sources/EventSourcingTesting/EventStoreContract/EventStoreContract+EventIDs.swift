import EventSourcing

extension EventStoreContract {
    static let eventIDs: [Requirement] = [
        Requirement("an event id that stands twice in an append is refused") { store in
            let event = NewEvent.sample()
            try await require(.duplicateEventID, from: "an append with one event twice") {
                _ = try await store.append([event, .sample(), event], to: .sample(), expecting: .any)
            }
        },
        Requirement("an event id of the same stream is refused beside a new event") { store in
            let stream = StreamID.sample()
            let stored = try await store.append(1, to: stream)
            try await require(.duplicateEventID, from: "an append with a stored event behind a new one") {
                _ = try await store.append([.sample()] + stored, to: stream, expecting: .any)
            }
        },
        Requirement("an event id of another stream is refused") { store in
            let stored = try await store.append(1, to: .sample())
            try await require(.duplicateEventID, from: "an append of another stream's event") {
                _ = try await store.append(stored, to: .sample(), expecting: .any)
            }
        },
        Requirement("an event id of another aggregate type's stream is refused") { store in
            let stored = try await store.append(1, to: .sample("Invoice"))
            try await require(.duplicateEventID, from: "an append of another stream's event") {
                _ = try await store.append(stored, to: .sample("Order"), expecting: .any)
            }
        },
        Requirement("an event id that was stored long before is refused") { store in
            let first = try await store.append(1, to: .sample())
            for _ in 1...10 { try await store.append(100, to: .sample()) }
            try await require(.duplicateEventID, from: "an append of the store's first event") {
                _ = try await store.append(first, to: .sample(), expecting: .any)
            }
        },
        Requirement("a duplicate names the event id") { store in
            let stored = try await store.append(1, to: .sample())
            let duplicate = try await require(.duplicateEventID, from: "an append of another stream's event") {
                _ = try await store.append([.sample()] + stored, to: .sample(), expecting: .any)
            }
            try require("the event id", duplicate.eventID, is: stored[0].id)
        },
        Requirement("a duplicate names the stream of the append") { store in
            let stored = try await store.append(1, to: .sample())
            let stream = StreamID.sample()
            let duplicate = try await require(.duplicateEventID, from: "an append of another stream's event") {
                _ = try await store.append(stored, to: stream, expecting: .any)
            }
            try require("the stream", duplicate.stream, is: stream)
        },
        Requirement("a duplicate is reported before a conflict") { store in
            let stream = StreamID.sample()
            let stored = try await store.append(2, to: stream)
            try await require(.duplicateEventID, from: "an append with a duplicate and a conflict") {
                _ = try await store.append([.sample(), stored[0]], to: stream, expecting: .noStream)
            }
        },
    ]
}
