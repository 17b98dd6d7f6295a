import EventSourcing
import FoundationEssentials

extension EventStoreContract {
    static let deleting: [Requirement] = softDeleting + tombstones

    private static let softDeleting: [Requirement] = [
        softDeletes("reads as empty") { store, stream in
            try await store.readStream(stream).require("the stream", gives: [NewEvent]())
        },
        softDeletes("is gone from the feed") { store, _ in
            try await store.readAll().require("the feed", gives: [NewEvent]())
        },
        softDeletes("keeps its version") { store, stream in
            try require("the version", try await store.version(of: stream), is: 3)
        },
        softDeletes("has no first version but the next") { store, stream in
            let status = try await store.status(of: stream)
            try require("the status", status, is: StreamStatus(version: 3, firstVersion: 4))
        },
        softDeletes("begins again behind its last version") { store, stream in
            try await store.append(2, to: stream)
            try require("the versions", try await store.readStream(stream).collect().map(\.version), is: [4, 5])
        },
        softDeletes("is no stream to an append") { store, stream in
            let result = try await store.append(NewEvent.samples(1), to: stream, expecting: .noStream)
            try require("the version returned", result.version, is: 4)
        },
        softDeletes("is a stream again once it was appended to") { store, stream in
            try await store.append(1, to: stream)
            try await require(.versionConflict, from: "an append to no stream") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .noStream)
            }
            _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .streamExists)
        },
        softDeletes("is no stream that exists") { store, stream in
            let error = try await require(.versionConflict, from: "an append to a stream that exists") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .streamExists)
            }
            try require("the actual version", error.actualVersion, is: 3)
        },
        softDeletes("is not at version 0") { store, stream in
            try await require(.versionConflict, from: "an append at version 0") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(0))
            }
        },
        softDeletes("is still at its last version") { store, stream in
            let result = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(3))
            try require("the version returned", result.version, is: 4)
        },
        softDeletes("is whole again in its next life") { store, stream in
            try await store.append(2, to: stream)
            let status = try await store.status(of: stream)
            try require("the status", status, is: StreamStatus(version: 5, firstVersion: 4))
        },
        softDeletes("may be truncated in its next life") { store, stream in
            try await store.append(2, to: stream)
            let status = try await store.truncate(stream, before: 5, expecting: .any).status
            try require("the status", status, is: StreamStatus(version: 5, firstVersion: 5, isTruncated: true))
        },
        softDeletes("may be deleted again") { store, stream in
            let first = try await store.delete(stream, mode: .soft, expecting: .any).status
            try require("the status", first, is: StreamStatus(version: 3, firstVersion: 4))
            try await store.append(1, to: stream)
            let second = try await store.delete(stream, mode: .soft, expecting: .exactly(4)).status
            try require("the second status", second, is: StreamStatus(version: 4, firstVersion: 5))
        },
        Requirement("a soft deletion of a truncated stream leaves a whole one") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            try await store.truncate(stream, before: 2, expecting: .any)
            let status = try await store.delete(stream, mode: .soft, expecting: .any).status
            try require("the status", status, is: StreamStatus(version: 3, firstVersion: 4))
        },
        Requirement("a soft deletion of a stream that does not exist changes nothing") { store in
            let stream = StreamID.sample()
            let status = try await store.delete(stream, mode: .soft, expecting: .noStream).status
            try require("the status", status, is: StreamStatus(version: 0))
            let result = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(0))
            try require("the version returned", result.version, is: 1)
        },
        Requirement("a soft deletion of a stream at another version is refused") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await require(.versionConflict, from: "the deletion") {
                try await store.delete(stream, mode: .soft, expecting: .exactly(2))
            }
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("a deletion of a stream of a bad name is refused") { store in
            try await require(.invalidArgument, from: "the deletion") {
                try await store.delete(.sample("a/b"), mode: .soft, expecting: .any)
            }
        },
        Requirement("of two appends to one version that race with a deletion, one is refused") { store in
            for _ in 1...5 {
                let stream = StreamID.sample()
                try await store.append(3, to: stream)
                async let deletion = succeeds {
                    try await store.delete(stream, mode: .soft, expecting: .streamExists)
                    _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(3))
                }
                async let append = succeeds {
                    _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(3))
                }
                let successes = await [deletion, append].count { $0 }
                try require("the number of appends behind version 3", successes, is: 1)
            }
        },
    ]

    private static let tombstones: [Requirement] = [
        tombstone("reads as empty") { store, stream in
            try await store.readStream(stream).require("the stream", gives: [NewEvent]())
        },
        tombstone("is gone from the feed") { store, _ in
            try await store.readAll().require("the feed", gives: [NewEvent]())
        },
        tombstone("keeps its version") { store, stream in
            try require("the version", try await store.version(of: stream), is: 3)
        },
        tombstone("says so") { store, stream in
            let status = try await store.status(of: stream)
            try require("the status", status, is: StreamStatus(version: 3, firstVersion: 4, isTombstoned: true))
        },
        refusesAppends(expecting: .any), refusesAppends(expecting: .noStream),
        refusesAppends(expecting: .streamExists), refusesAppends(expecting: .exactly(3)),
        refusesAppends(expecting: .exactly(1)),
        tombstone("names itself in the error") { store, stream in
            let error = try await require(.streamDeleted, from: "the append") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .any)
            }
            try require("the stream", error.stream, is: stream)
        },
        tombstone("cannot be truncated") { store, stream in
            try await require(.streamDeleted, from: "the truncation") {
                try await store.truncate(stream, before: 1, expecting: .any)
            }
        },
        tombstone("cannot be deleted softly") { store, stream in
            try await require(.streamDeleted, from: "the deletion") {
                try await store.delete(stream, mode: .soft, expecting: .any)
            }
        },
        tombstone("may get another tombstone") { store, stream in
            let status = try await store.delete(stream, mode: .tombstone, expecting: .exactly(3)).status
            try require("the status", status, is: StreamStatus(version: 3, firstVersion: 4, isTombstoned: true))
        },
        Requirement("a tombstone stands in for a stream that never had an event") { store in
            let stream = StreamID.sample()
            let status = try await store.delete(stream, mode: .tombstone, expecting: .noStream).status
            try require("the status", status, is: StreamStatus(version: 0, isTombstoned: true))
            try await require(.streamDeleted, from: "an append") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: .any)
            }
        },
        Requirement("a tombstone for a stream at another version is refused") { store in
            let stream = StreamID.sample()
            let events = try await store.append(3, to: stream)
            try await require(.versionConflict, from: "the tombstone") {
                try await store.delete(stream, mode: .tombstone, expecting: .exactly(2))
            }
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("a tombstone leaves streams of other types with its identifier alone") { store in
            let stream = StreamID.sample()
            try await store.append(1, to: stream)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            let result = try await store.append(.sample(), to: StreamID("Invoice", stream.id))
            try require("the version returned", result.version, is: 1)
        },
        Requirement("a tombstone leaves other streams of its type alone") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            for stream in [stream, other] { try await store.append(2, to: stream) }
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            try await store.append(1, to: other)
            try require("the versions", try await store.readStream(other).collect().map(\.version), is: [1, 2, 3])
        },
    ]

    private static func softDeletes(
        _ what: String, _ check: @escaping @Sendable (any EventStore, StreamID) async throws -> Void
    ) -> Requirement {
        Requirement("a stream that was softly deleted \(what)") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            try await store.delete(stream, mode: .soft, expecting: .any)
            try await check(store, stream)
        }
    }

    private static func tombstone(
        _ what: String, _ check: @escaping @Sendable (any EventStore, StreamID) async throws -> Void
    ) -> Requirement {
        Requirement("a stream with a tombstone \(what)") { store in
            let stream = StreamID.sample()
            try await store.append(3, to: stream)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            try await check(store, stream)
        }
    }

    private static func refusesAppends(expecting expected: ExpectedVersion) -> Requirement {
        tombstone("refuses appends expecting \(expected)") { store, stream in
            try await require(.streamDeleted, from: "the append") {
                _ = try await store.append(NewEvent.samples(1), to: stream, expecting: expected)
            }
        }
    }

    private static func succeeds(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch {
            return false
        }
    }
}
