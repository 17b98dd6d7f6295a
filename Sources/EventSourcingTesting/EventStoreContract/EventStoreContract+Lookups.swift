import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    static let lookups: [Requirement] = [
        Requirement("a stored event is found by its id") { store in
            for event in try await appendToThreeStreams(of: store) {
                let found = try require("the event", try await store.event(withID: event.id))
                try require("the event's id", found.id, is: event.id)
            }
        },
        Requirement("an event found by its id is the one in its stream") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            for event in try await store.readStream(stream).collect() {
                let found = try await store.event(withID: event.id)
                try require(found == event, "event \(event.version) differs from the one in the stream")
            }
        },
        Requirement("an id that is not stored finds no event") { store in
            try await store.append(3, to: .sample())
            let found = try await store.event(withID: UUID())
            try require(found == nil, "an event was found")
        },
        Requirement("a stored event's id is contained") { store in
            for event in try await appendToThreeStreams(of: store) {
                try require("whether it is contained", try await store.containsEvent(withID: event.id), is: true)
            }
        },
        Requirement("an id that is not stored is not contained") { store in
            try await store.append(3, to: .sample())
            try require("whether it is contained", try await store.containsEvent(withID: UUID()), is: false)
        },
        Requirement("ids that differ in one byte are different") { store in
            let stored = try await store.append(1, to: .sample())
            for index in 0..<16 {
                var bytes = stored[0].id.uuid
                withUnsafeMutableBytes(of: &bytes) { $0[index] ^= 1 }
                try require(
                    "whether an id with another byte \(index) is contained",
                    try await store.containsEvent(withID: UUID(uuid: bytes)), is: false)
            }
        },
        Requirement("all ways of reading give the same event") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            let events = try await store.readStream(stream).collect()
            try require(try await store.readAll().collect() == events, "the feed gives other events than the stream")
            try require(
                try await store.readCategory("Order").collect() == events,
                "the category gives other events than the stream")
        },
    ]
}
