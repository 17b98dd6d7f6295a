import EventSourcing

extension EventStoreContract {
    /// What every store accepts, because it just meets a limit.
    static let extremes: [Requirement] = [
        Requirement("a payload of the most bytes allowed is kept") { store in
            var bytes = [UInt8](repeating: 7, count: EventLimits.payloadBytes)
            bytes[bytes.count - 1] = 9
            let event = NewEvent.sample(contentType: .binary, payload: Bytes(bytes))
            try await store.append(event, to: .sample())
            let found = try require("the event", try await store.event(withID: event.id)).payload
            try require("the payload's length", found.count, is: bytes.count)
            // A sample of it: comparing all of 16 MiB one by one takes seconds in a debug build.
            for index in stride(from: 0, to: bytes.count, by: 65_537) + [bytes.count - 1] {
                try require("byte \(index)", found[index], is: bytes[index])
            }
        },
        Requirement("an append of the most events allowed is kept") { store in
            let stream = StreamID.sample()
            let events = NewEvent.samples(EventLimits.eventsPerAppend)
            let result = try await store.append(events, to: stream, expecting: .noStream)
            try require("the version returned", result.version, is: events.count)
            try require("the stream's version", try await store.version(of: stream), is: events.count)
        },
        Requirement("an event type of the most bytes allowed is kept") { store in
            let event = NewEvent.sample(name(EventLimits.nameBytes))
            try await store.append(event, to: .sample())
            try require("the type", try await store.event(withID: event.id)?.type, is: event.type)
        },
        Requirement("an aggregate type of the most bytes allowed is kept") { store in
            let stream = StreamID.sample(name(EventLimits.nameBytes))
            let events = try await store.append(2, to: stream)
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("metadata of the most bytes allowed is kept") { store in
            // A pair takes one byte for the key's length, the key, and three for the value's length.
            let value = name(EventLimits.metadataBytes - 1 - "note".utf8.count - 3)
            let event = NewEvent.sample(metadata: EventMetadata(["note": value]))
            try await store.append(event, to: .sample())
            let found = try require("the event", try await store.event(withID: event.id))
            try require("the value's length", found.metadata["note"]?.utf8.count, is: value.utf8.count)
        },
        Requirement("a metadata key of the most bytes allowed is kept") { store in
            let event = NewEvent.sample(metadata: EventMetadata([name(EventLimits.metadataKeyBytes): "x"]))
            try await store.append(event, to: .sample())
            let found = try require("the event", try await store.event(withID: event.id))
            try require("the value", found.metadata[name(EventLimits.metadataKeyBytes)], is: "x")
        },
    ]
}
