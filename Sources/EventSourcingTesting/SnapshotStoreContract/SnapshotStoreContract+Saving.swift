import EventSourcing
import FoundationEssentials

extension SnapshotStoreContract {
    static let saving: [Requirement] = [
        Requirement("an aggregate without a snapshot has none") { store in
            try await store.save(.sample(.sample()))
            try require("the snapshot's version", try await store.latest(for: .sample())?.version, is: nil)
        },
        Requirement("an aggregate without a snapshot is said to have none") { store in
            try await store.save(.sample(.sample()))
            try require("whether a snapshot exists", try await store.exists(for: .sample()), is: false)
        },
        Requirement("a saved snapshot is there as soon as saving has returned") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream, version: 50))
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 50)
        },
        Requirement("a saved snapshot is said to exist") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream))
            try require("whether a snapshot exists", try await store.exists(for: stream), is: true)
        },
        Requirement("aggregates of one type have snapshots of their own") { store in
            let streams = [StreamID.sample(), .sample()]
            for (index, stream) in streams.enumerated() { try await store.save(.sample(stream, version: index + 1)) }
            for (index, stream) in streams.enumerated() {
                try require("the snapshot's version", try await store.latest(for: stream)?.version, is: index + 1)
            }
        },
        Requirement("aggregates with one identifier and different types have snapshots of their own") { store in
            let id = UUID()
            try await store.save(.sample(StreamID("Order", id), version: 7))
            try await store.save(.sample(StreamID("Invoice", id), version: 9))
            try require("the snapshot's version", try await store.latest(for: StreamID("Order", id))?.version, is: 7)
        },
        Requirement("a snapshot knows its aggregate") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream))
            try require("the stream", try await store.latest(for: stream)?.stream, is: stream)
        },
        Requirement("of snapshots saved side by side, the one of the highest version stays") { store in
            let stream = StreamID.sample()
            try await withThrowingTaskGroup { group in
                for version in (1...16).reversed() {
                    group.addTask { try await store.save(.sample(stream, version: version)) }
                }
                try await group.waitForAll()
            }
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 16)
        },
    ]

    static let replacing: [Requirement] = [
        replaces("a lower version", (version: 50, schemaVersion: 1), by: (version: 100, schemaVersion: 1)),
        replaces("the same version", (version: 50, schemaVersion: 1), by: (version: 50, schemaVersion: 1)),
        replaces(
            "a higher version of a lower schema version", (version: 100, schemaVersion: 1),
            by: (version: 50, schemaVersion: 2)),
        replaces(
            "a higher version of a higher schema version", (version: 100, schemaVersion: 2),
            by: (version: 50, schemaVersion: 1)),
        replaces(
            "a lower version of a higher schema version", (version: 50, schemaVersion: 2),
            by: (version: 100, schemaVersion: 1)),
        Requirement("a snapshot of a higher version stays where one of the same schema version arrives late") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream, version: 100))
            try await store.save(.sample(stream, version: 50))
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 100)
        },
    ]

    typealias Versions = (version: Int, schemaVersion: Int)

    private static func replaces(_ what: String, _ earlier: Versions, by later: Versions) -> Requirement {
        Requirement("a snapshot replaces one of \(what)") { store in
            let stream = StreamID.sample()
            let states = [Bytes("{\"n\":1}"), Bytes("{\"n\":2}")]
            for (versions, state) in zip([earlier, later], states) {
                try await store.save(
                    .sample(stream, version: versions.version, schemaVersion: versions.schemaVersion, state: state))
            }
            let found = try require("the snapshot", try await store.latest(for: stream))
            try require(found.state == states[1], "the earlier snapshot is still there")
        }
    }
}

extension Snapshot {
    /// A snapshot in which only the given parts matter.
    static func sample(
        _ stream: StreamID, version: Int = 1, schemaVersion: Int = 1,
        createdAt: Timestamp = Timestamp(rfc3339: "2024-05-17T12:00:00Z") ?? .now(), contentType: ContentType = .json,
        state: Bytes = Bytes("{}")
    ) -> Snapshot {
        Snapshot(
            stream: stream, version: version, schemaVersion: schemaVersion, createdAt: createdAt,
            contentType: contentType, state: state)
    }
}
