import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    static let truncating: [Requirement] = [
        truncates("its events below the version, and no others", before: 3) { store, stream, events in
            try await store.readStream(stream).require("the stream", gives: Array(events[2...]))
        },
        truncates("them from a read backward", before: 3) { store, stream, events in
            try await store.readStream(stream, direction: .backward)
                .require("the stream backward", gives: events[2...].reversed())
        },
        truncates("them from the feed", before: 3) { store, _, events in
            try await store.readAll(filter: EventFilter(eventTypes: ["ItemAdded"]))
                .require("the feed", gives: Array(events[2...]))
        },
        truncates("them from the feed backward", before: 3) { store, _, events in
            try await store.readAll(direction: .backward, filter: EventFilter(eventTypes: ["ItemAdded"]))
                .require("the feed backward", gives: events[2...].reversed())
        },
        truncates("them from the category", before: 3) { store, _, events in
            try await store.readCategory("Order").require("the category", gives: Array(events[2...]))
        },
        truncates("them from look-ups of events", before: 3) { store, _, events in
            for (index, event) in events.enumerated() {
                let found = try await store.event(withID: event.id)
                try require("whether event \(index + 1) is found", found != nil, is: index >= 2)
            }
        },
        truncates("their ids from what is contained", before: 3) { store, _, events in
            for (index, event) in events.enumerated() {
                let isContained = try await store.containsEvent(withID: event.id)
                try require("whether event \(index + 1) is contained", isContained, is: index >= 2)
            }
        },
        truncates("nothing of the versions of what remains", before: 3) { store, stream, _ in
            let versions = try await store.readStream(stream).collect().map(\.version)
            try require("the versions", versions, is: [3, 4, 5])
        },
        truncates("nothing of the stream's version", before: 3) { store, stream, _ in
            try require("the version", try await store.version(of: stream), is: 5)
        },
        truncates("nothing where the version is 1", before: 1) { store, stream, events in
            try await store.readStream(stream).require("the stream", gives: events)
        },
        truncates("all events where the version is the one behind the last", before: 6) { store, stream, _ in
            try await store.readStream(stream).require("the stream", gives: [NewEvent]())
        },
        truncates("events from reads that begin below what remains", before: 3) { store, stream, events in
            try await store.readStream(stream, from: 1, limit: 2).require("the stream", gives: Array(events[2..<4]))
        },
        truncates("events from reads that end below what remains", before: 3) { store, stream, _ in
            try await store.readStream(stream, to: 2).require("the stream", gives: [NewEvent]())
        },
        Requirement("a truncation changes no position of what remains") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            let before = try await store.readStream(stream).collect().suffix(3).map(\.position)
            try await store.truncate(stream, before: 3, expecting: .any)
            try require("the positions", try await store.readStream(stream).collect().map(\.position), is: before)
        },
        Requirement("a truncation leaves other streams alone") { store in
            let stream = StreamID.sample()
            let others = [StreamID.sample(), StreamID("Invoice", stream.id)]
            try await store.append(3, to: stream)
            for other in others { try await store.append(3, to: other) }
            try await store.truncate(stream, before: 3, expecting: .any)
            for other in others {
                let versions = try await store.readStream(other).collect().map(\.version)
                try require("the versions of \(other.aggregateType)", versions, is: [1, 2, 3])
            }
        },
        Requirement("a truncation does not move the store's position") { store in
            let stream = StreamID.sample()
            let result = try await store.append(NewEvent.samples(3), to: stream, expecting: .any)
            try await store.truncate(stream, before: 4, expecting: .any)
            try require("the position", try await store.currentPosition(), is: result.lastPosition)
        },
        Requirement("a truncation below an earlier one brings nothing back") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            for version in [4, 2] { try await store.truncate(stream, before: version, expecting: .any) }
            try require("the versions", try await store.readStream(stream).collect().map(\.version), is: [4, 5])
        },
        Requirement("a truncation behind an earlier one releases more") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            for version in [2, 5] { try await store.truncate(stream, before: version, expecting: .any) }
            try require("the versions", try await store.readStream(stream).collect().map(\.version), is: [5])
        },
        Requirement("an append behind a truncation goes on behind the last version") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            try await store.truncate(stream, before: 4, expecting: .any)
            let result = try await store.append(NewEvent.samples(2), to: stream, expecting: .exactly(5))
            try require("the version returned", result.version, is: 7)
            try require("the versions", try await store.readStream(stream).collect().map(\.version), is: [4, 5, 6, 7])
        },
        Requirement("a truncation returns what is left of the stream") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            let status = try await store.truncate(stream, before: 3, expecting: .any).status
            try require("the status", status, is: StreamStatus(version: 5, firstVersion: 3, isTruncated: true))
        },
        refusesTruncation("before version 0", before: 0),
        refusesTruncation("before a version behind the next", before: 7),
        Requirement("a truncation of a stream of a bad name is refused") { store in
            try await require(.invalidArgument, from: "the truncation") {
                try await store.truncate(.sample("a/b"), before: 1, expecting: .any)
            }
        },
        Requirement("a truncation with a negative expected version is refused") { store in
            try await require(.invalidArgument, from: "the truncation") {
                try await store.truncate(.sample(), before: 1, expecting: .exactly(-1))
            }
        },
        Requirement("a truncation of a stream at another version is refused with both versions") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            let error = try await require(.versionConflict, from: "the truncation") {
                try await store.truncate(stream, before: 3, expecting: .exactly(4))
            }
            try require("the expected version", error.expectedVersion, is: .exactly(4))
            try require("the actual version", error.actualVersion, is: 5)
        },
        Requirement("a truncation that is refused releases nothing") { store in
            let stream = StreamID.sample()
            let events = try await store.append(5, to: stream)
            _ = try? await store.truncate(stream, before: 3, expecting: .exactly(4))
            _ = try? await store.truncate(stream, before: 3, expecting: .noStream)
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("a truncation of a stream at the expected version is done") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            try await store.truncate(stream, before: 3, expecting: .exactly(5))
            try await store.truncate(stream, before: 4, expecting: .streamExists)
            try require("the versions", try await store.readStream(stream).collect().map(\.version), is: [4, 5])
        },
    ]

    /// Five events of a stream among others, of which some are released.
    private static func truncates(
        _ what: String, before version: Int,
        _ check: @escaping @Sendable (any EventStore, StreamID, [NewEvent]) async throws -> Void
    ) -> Requirement {
        Requirement("a truncation before version \(version) releases \(what)") { store in
            let stream = StreamID.sample()
            try await store.append(.sample("Opened"), to: .sample("Invoice"))
            var events = try await store.append(2, to: stream)
            try await store.append(.sample("Opened"), to: .sample("Invoice"))
            for _ in 1...3 { events += try await store.append(1, to: stream) }
            try await store.truncate(stream, before: version, expecting: .any)
            try await check(store, stream, events)
        }
    }

    private static func refusesTruncation(_ what: String, before version: Int) -> Requirement {
        Requirement("a truncation of a stream of five events \(what) is refused") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            try await require(.invalidArgument, from: "the truncation") {
                try await store.truncate(stream, before: version, expecting: .any)
            }
        }
    }
}
