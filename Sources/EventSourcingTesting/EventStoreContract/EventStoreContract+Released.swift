import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    static let released: [Requirement] = [
        Requirement("the id of a released event may be stored again in its stream") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await store.truncate(stream, before: 3, expecting: .any)
            let result = try await store.append(Array(events[..<2]), to: stream, expecting: .exactly(3))
            try require("the version returned", result.version, is: 5)
        },
        Requirement("the id of a released event may be stored again in another stream") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            let result = try await store.append(events, to: .sample(), expecting: .noStream)
            try require("the version returned", result.version, is: 3)
        },
        Requirement("an id that was stored again finds the event that is left") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            let events = try await store.append(2, to: stream)
            try await store.delete(stream, mode: .soft, expecting: .any)
            _ = try await store.append(events, to: other, expecting: .any)
            for event in events {
                let found = try require("the event", try await store.event(withID: event.id))
                try require("its stream", found.stream, is: other)
            }
        },
        Requirement("the id of an event behind a truncation is still taken") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await store.truncate(stream, before: 2, expecting: .any)
            try await require(.duplicateEventID, from: "an append with the id of an event that is left") {
                _ = try await store.append([events[1]], to: .sample(), expecting: .any)
            }
        },
        Requirement("a retry of an append behind a truncation returns its result") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            let events = NewEvent.samples(2)
            let first = try await store.append(events, to: stream, expecting: .exactly(2))
            try await store.truncate(stream, before: 3, expecting: .any)
            let again = try await store.append(events, to: stream, expecting: .exactly(2))
            try require("the version returned", again.version, is: first.version)
            try require("the first position returned", again.firstPosition, is: first.firstPosition)
        },
        Requirement("a retry of an append that was released in part is refused") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await store.truncate(stream, before: 2, expecting: .any)
            try await require(.duplicateEventID, from: "the retry") {
                _ = try await store.append(events, to: stream, expecting: .any)
            }
        },
        Requirement("what is left of an append that was released in part counts as the append") { store in
            let stream = StreamID.sample()
            let events = NewEvent.samples(3)
            let first = try await store.append(events, to: stream, expecting: .any)
            try await store.truncate(stream, before: 2, expecting: .any)
            let again = try await store.append(Array(events[1...]), to: stream, expecting: .any)
            try require("the version returned", again.version, is: first.version)
            try require("the last position returned", again.lastPosition, is: first.lastPosition)
            try require("the version", try await store.version(of: stream), is: 3)
        },
        Requirement("a retry expecting no stream returns the result of the append that began a stream again") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            try await store.delete(stream, mode: .soft, expecting: .any)
            let events = NewEvent.samples(2)
            let first = try await store.append(events, to: stream, expecting: .noStream)
            let again = try await store.append(events, to: stream, expecting: .noStream)
            try require("the version returned", again.version, is: first.version)
        },
        Requirement("a limit on a stream counts the events that are left only") { store in
            let stream = StreamID.sample()
            try await store.append(600, to: stream)
            try await store.truncate(stream, before: 550, expecting: .any)
            let versions = try await store.readStream(stream, limit: 2).collect().map(\.version)
            try require("the versions", versions, is: [550, 551])
            let last = try await store.readStream(stream, direction: .backward, limit: 60).collect().map(\.version)
            try require("the versions backward", last, is: Array((550...600).reversed()))
        },
        Requirement("a limit on the feed counts the events that are left only") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            try await store.append(600, to: stream)
            let events = try await store.append(3, to: other)
            try await store.truncate(stream, before: 601, expecting: .any)
            try await store.readAll(limit: 2).require("the feed", gives: Array(events[..<2]))
        },
        Requirement("a limit on the feed backward counts the events that are left only") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            let events = try await store.append(3, to: other)
            try await store.append(600, to: stream)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            try await store.readAll(direction: .backward, limit: 2)
                .require("the feed backward", gives: events[1...].reversed())
        },
        Requirement("a limit on a category counts the events that are left only") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            try await store.append(600, to: stream)
            let events = try await store.append(3, to: other)
            try await store.truncate(stream, before: 601, expecting: .any)
            try await store.readCategory("Order", limit: 2).require("the category", gives: Array(events[..<2]))
        },
        Requirement("the feed resumes behind the position of a released event") { store in
            let stream = StreamID.sample()
            try await store.append(5, to: stream)
            let events = try await store.readAll().collect()
            try await store.truncate(stream, before: 4, expecting: .any)
            try await store.readAll(after: events[1].position).require("the feed", gives: Array(events[3...]))
        },
        Requirement("appends behind a deletion get positions behind all earlier ones") { store in
            let stream = StreamID.sample()
            let first = try await store.append(NewEvent.samples(3), to: stream, expecting: .any)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            let second = try await store.append(.sample(), to: .sample())
            try require(
                second.firstPosition > first.lastPosition,
                "the position \(second.firstPosition) does not stand behind \(first.lastPosition)")
        },
        Requirement("the status of a stream that does not exist is version 0") { store in
            try require("the status", try await store.status(of: .sample()), is: StreamStatus(version: 0))
        },
        Requirement("the status of a stream without releases begins at version 1") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            try require("the status", try await store.status(of: stream), is: StreamStatus(version: 2))
        },
        Requirement("the status of a truncated stream follows appends") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            try await store.truncate(stream, before: 2, expecting: .any)
            try await store.append(2, to: stream)
            let status = try await store.status(of: stream)
            try require("the status", status, is: StreamStatus(version: 5, firstVersion: 2, isTruncated: true))
        },
    ]
}
