import EventSourcing

extension EventStoreContract {
    static let feedReads: [Requirement] = [
        Requirement("the feed gives the events of all streams in the order of appending") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll().require("the feed", gives: events)
        },
        Requirement("the feed's positions increase") { store in
            _ = try await appendToThreeStreams(of: store)
            let positions = try await store.readAll().collect().map(\.position)
            try require("the positions", positions, is: positions.sorted())
        },
        Requirement("the feed backward gives the events of all streams against the order of appending") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll(direction: .backward).require("the feed backward", gives: events.reversed())
        },
        Requirement("the feed of an empty store is empty") { store in
            try await store.readAll().require("the feed", gives: [NewEvent]())
        },
        Requirement("the feed resumes behind a position") { store in
            let events = try await appendToThreeStreams(of: store)
            for (index, seen) in try await store.readAll().collect().enumerated() {
                try await store.readAll(after: seen.position)
                    .require("the feed after event \(index + 1)", gives: Array(events[(index + 1)...]))
            }
        },
        Requirement("the feed backward resumes before a position") { store in
            let events = try await appendToThreeStreams(of: store)
            for (index, seen) in try await store.readAll().collect().enumerated() {
                try await store.readAll(after: seen.position, direction: .backward)
                    .require("the feed backward from event \(index + 1)", gives: events[..<index].reversed())
            }
        },
        Requirement("the feed after position 0 begins at the first event") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll(after: 0).require("the feed", gives: events)
        },
        Requirement("the feed behind the last position is empty") { store in
            _ = try await appendToThreeStreams(of: store)
            try await store.readAll(after: Position(.max)).require("the feed", gives: [NewEvent]())
        },
        Requirement("the feed backward from behind the last position begins at the last event") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll(after: Position(.max), direction: .backward)
                .require("the feed backward", gives: events.reversed())
        },
        Requirement("the feed backward before the first position is empty") { store in
            _ = try await appendToThreeStreams(of: store)
            for position in [Position(.min), 0, 1] {
                try await store.readAll(after: position, direction: .backward)
                    .require("the feed backward from \(position)", gives: [NewEvent]())
            }
        },
        Requirement("the feed gives at most as many events as the limit") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll(limit: 4).require("the feed", gives: Array(events.prefix(4)))
        },
        Requirement("the feed backward with a limit gives the last events") { store in
            let events = try await appendToThreeStreams(of: store)
            try await store.readAll(direction: .backward, limit: 4)
                .require("the feed backward", gives: events.suffix(4).reversed())
        },
        Requirement("the feed with a limit of 0 is empty") { store in
            _ = try await appendToThreeStreams(of: store)
            try await store.readAll(limit: 0).require("the feed", gives: [NewEvent]())
        },
        Requirement("the feed read in pages gives every event once") { store in
            let events = try await appendToThreeStreams(of: store)
            var seen: [RecordedEvent] = []
            while true {
                let page = try await store.readAll(after: seen.last?.position, limit: 2).collect()
                if page.isEmpty { break }
                seen += page
                try require(seen.count <= events.count, "there are more events in the pages than in the store")
            }
            try requireIDs(of: seen, are: events.map(\.id), "the feed in pages")
        },
        Requirement("the feed shows an append as soon as it has returned") { store in
            for count in 1...5 {
                try await store.append(1, to: .sample())
                try require("the number of events", try await store.readAll().collect().count, is: count)
            }
        },
        Requirement("an empty store has no current position") { store in
            try require("the current position", try await store.currentPosition(), is: nil)
        },
        Requirement("the current position is that of the last event") { store in
            for _ in 1...3 {
                let result = try await store.append(NewEvent.samples(2), to: .sample(), expecting: .any)
                try require("the current position", try await store.currentPosition(), is: result.lastPosition)
            }
        },
    ]

    /// Nine events, one append each, taking turns among three streams.
    static func appendToThreeStreams(of store: any EventStore) async throws -> [NewEvent] {
        let streams = [StreamID.sample(), .sample("Invoice"), .sample()]
        var events: [NewEvent] = []
        for index in 0..<9 { events += try await store.append(1, to: streams[index % 3]) }
        return events
    }
}
