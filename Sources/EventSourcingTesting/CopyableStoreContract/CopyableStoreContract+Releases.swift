import EventSourcing

extension CopyableStoreContract {
    /// What becomes of streams whose releases are imported, and which streams a store names as released.
    static let releases: [Requirement] = [
        begins("that was truncated", isTruncated: true),
        begins("that was deleted and began again", isTruncated: false),
        Requirement("an imported release releases events that are there, and versions that never were") { store in
            let stream = StreamID.sample()
            try await store.importChanges([.sample(5, to: stream)])
            try await store.importChanges([
                .release(StreamStatus(version: 20, firstVersion: 3, isTruncated: true), of: stream)
            ])
            try require(
                "the versions", try await store.readStream(stream).collect().map(\.version), is: [3, 4, 5])
            try await store.importChanges([
                .release(StreamStatus(version: 20, firstVersion: 9, isTruncated: true), of: stream),
                .sample(2, to: stream, firstVersion: 9),
            ])
            try require(
                "the versions", try await store.readStream(stream).collect().map(\.version), is: [9, 10])
            try require("the feed's versions", try await store.readAll().collect().map(\.version), is: [9, 10])
            try require(
                "the status", try await store.status(of: stream),
                is: StreamStatus(version: 10, firstVersion: 9, isTruncated: true))
        },
        Requirement("an imported release that takes nothing away changes nothing") { store in
            let stream = StreamID.sample()
            try await store.importChanges([.sample(4, to: stream)])
            try await store.truncate(stream, before: 3, expecting: .any)
            try await store.importChanges([
                .release(StreamStatus(version: 9, firstVersion: 2, isTruncated: true), of: stream)
            ])
            try require(
                "the status", try await store.status(of: stream),
                is: StreamStatus(version: 4, firstVersion: 3, isTruncated: true))
        },
        tombstones("with events", version: 3, events: 3),
        tombstones("whose events are not there", version: 7, events: 0),
        tombstones("that never had an event", version: 0, events: 0),
        Requirement("an imported release is not stored now, so that what follows keeps its time") { store in
            let (one, other) = (StreamID.sample(), StreamID.sample())
            let times = Timestamp.imported
            try await store.importChanges([
                .sample(to: one, storedAt: times[0]),
                .release(StreamStatus(version: 5, firstVersion: 6), of: other),
                .sample(to: other, firstVersion: 6, storedAt: times[1]),
            ])
            try require(
                "the times", try await store.readAll().collect().map(\.storedAt), is: [times[0], times[1]])
        },
        Requirement("a store names the streams that have released events, and no others") { store in
            let streams = (0..<5).map { _ in StreamID.sample() }
            for stream in streams.prefix(4) { try await store.append(4, to: stream) }
            try await store.truncate(streams[0], before: 3, expecting: .any)
            try await store.delete(streams[1], mode: .soft, expecting: .any)
            try await store.append(1, to: streams[1])
            try await store.delete(streams[2], mode: .tombstone, expecting: .any)
            try await store.delete(streams[4], mode: .tombstone, expecting: .any)
            let released = try await store.releasedStreams()
            try require("the number of streams", released.count, is: 4)
            try require(released[streams[3]] == nil, "a stream counts as released that keeps all its events")
            for (stream, status) in released {
                try require("a status", status, is: try await store.status(of: stream))
            }
        },
        Requirement("a store without releases names no stream") { store in
            try require("the streams", try await store.releasedStreams(), is: [:])
            try await store.append(2, to: .sample())
            try require("the streams", try await store.releasedStreams(), is: [:])
        },
    ]

    private static func begins(_ what: String, isTruncated: Bool) -> Requirement {
        Requirement("an import of a stream \(what) begins where it began") { store in
            let stream = StreamID.sample()
            let left = StreamStatus(version: 16, firstVersion: 17, isTruncated: isTruncated)
            let commit = ImportedChange.sample(3, to: stream, firstVersion: 17)
            try await store.importChanges([.release(left, of: stream), commit])
            try require(
                "the status", try await store.status(of: stream),
                is: StreamStatus(version: 19, firstVersion: 17, isTruncated: isTruncated))
            try await store.readStream(stream).require("the stream", gives: commit.events)
            let result = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(19))
            try require("the version", result.version, is: 20)
            try await store.truncate(stream, before: 18, expecting: .any)
            try require(
                "the versions", try await store.readStream(stream).collect().map(\.version), is: [18, 19, 20])
        }
    }

    private static func tombstones(_ what: String, version: Int, events: Int) -> Requirement {
        Requirement("an imported tombstone of a stream \(what) ends it at its version") { store in
            let stream = StreamID.sample()
            if events > 0 { try await store.append(events, to: stream) }
            let status = StreamStatus(version: version).tombstoned
            try await store.importChanges([.release(status, of: stream)])
            try require("the status", try await store.status(of: stream), is: status)
            try require("the streams", try await store.releasedStreams(), is: [stream: status])
            try await require(.streamDeleted, from: "an append") { try await store.append(1, to: stream) }
            try require("the feed", try await store.readAll().collect().count, is: 0)
        }
    }
}
