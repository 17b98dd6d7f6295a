import EventSourcing
import FoundationEssentials

extension CopyableStoreContract {
    /// What is not imported, and what becomes of what stands beside it.
    static let refusals: [Requirement] = [
        refuses("that leaves a gap", .versionConflict, firstVersion: 4),
        refuses("whose version is there", .versionConflict, firstVersion: 2),
        Requirement("an import of an event id that is taken is refused, and so is what follows") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            let taken = try await store.append(1, to: stream)
            let follows = ImportedChange.sample(to: other)
            try await require(.duplicateEventID, from: "the import") {
                try await store.importChanges([
                    .commit(ImportedCommit(taken, to: other, firstVersion: 1, storedAt: .now())), follows,
                ])
            }
            try await store.readAll().require("the feed", gives: taken)
        },
        Requirement("an import into a stream with a tombstone is refused") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            try await store.delete(stream, mode: .tombstone, expecting: .any)
            try await require(.streamDeleted, from: "the import") {
                try await store.importChanges([.sample(to: stream, firstVersion: 3)])
            }
        },
        Requirement("an import beyond the limits is refused") { store in
            try await require(.invalidArgument, from: "the import") {
                try await store.importChanges([.sample(to: StreamID("a/b", .init()))])
            }
            try require("the position", try await store.currentPosition(), is: nil)
        },
    ]

    private static func refuses(_ what: String, _ code: EventStoreError.Code, firstVersion: Int) -> Requirement {
        Requirement("an import of a commit \(what) is refused, and so is what follows") { store in
            let (stream, other) = (StreamID.sample(), StreamID.sample())
            let there = try await store.append(2, to: stream)
            try await require(code, from: "the import") {
                try await store.importChanges([.sample(to: stream, firstVersion: firstVersion), .sample(to: other)])
            }
            try await store.readAll().require("the feed", gives: there)
            // Nothing of it stays behind that the next one would meet.
            try await store.importChanges([
                .sample(to: stream, firstVersion: 3, storedAt: .now()), .sample(to: other, storedAt: .now()),
            ])
            try require("the version", try await store.version(of: stream), is: 3)
            try require("the other version", try await store.version(of: other), is: 1)
        }
    }
}
