import EventSourcing

extension SnapshotStoreContract {
    /// What no store accepts.
    static let refusing: [Requirement] = [
        refuses("version 0", .sample(.sample(), version: 0)),
        refuses("a negative schema version", .sample(.sample(), schemaVersion: -1)),
        refuses("a schema version beyond 32 bits", .sample(.sample(), schemaVersion: Int(UInt32.max) + 1)),
        refuses("an aggregate type with a slash", .sample(.sample("a/b"))),
        refuses("an aggregate type without a name", .sample(.sample(""))),
        refuses(
            "a state of one byte too many",
            .sample(
                .sample(), contentType: .binary,
                state: Bytes(Array(repeating: 0, count: EventLimits.snapshotStateBytes + 1)))),
        Requirement("a refused snapshot leaves the one that is there") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream, version: 5))
            try? await store.save(.sample(stream, version: 6, schemaVersion: -1))
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 5)
        },
    ]

    private static func refuses(
        _ what: String, _ snapshot: @autoclosure @escaping @Sendable () -> Snapshot
    ) -> Requirement {
        Requirement("a snapshot with \(what) is refused") { store in
            try await require(.invalidArgument, from: "saving a snapshot with \(what)") {
                try await store.save(snapshot())
            }
        }
    }
}
