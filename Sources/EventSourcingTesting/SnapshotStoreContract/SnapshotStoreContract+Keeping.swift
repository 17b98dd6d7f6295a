import EventSourcing

extension SnapshotStoreContract {
    /// What a snapshot brings along comes back as it was.
    static let keeping: [Requirement] = [
        keeps("the version", [1, 2, 1_000_000].map { .sample(.sample(), version: $0) }, \.version),
        keeps(
            "the schema version", [0, 1, Int(UInt32.max)].map { .sample(.sample(), schemaVersion: $0) }, \.schemaVersion
        ),
        keeps(
            "the instant of its making",
            ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.000000001Z", "9999-12-31T23:59:59.999999999Z"]
                .compactMap { Timestamp(rfc3339: $0) }.map { .sample(.sample(), createdAt: $0) },
            \.createdAt),
        keeps(
            "the content type",
            [.binary, .json, .cbor, ContentType(rawValue: 200)].map { .sample(.sample(), contentType: $0) },
            \.contentType),
        keeps(
            "the aggregate type in any script", [.sample(.sample("Bestellung 注文 🧾"))], \.stream.aggregateType),
        keepsState("in JSON with its spaces and its order", Bytes("{ \"b\" : 1.0,\n\t\"a\" : [ ] }\n"), .json),
        keepsState("that is empty", Bytes(), .binary),
        keepsState("that is no UTF-8", Bytes([0xC3, 0x28, 0x00, 0xFF]), .binary),
        keepsState(
            "of a hundred thousand bytes", Bytes(copying: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }),
            .binary),
    ]

    private static func keeps<Part: Equatable & SendableMetatype>(
        _ what: String, _ snapshots: [Snapshot], _ part: @escaping @Sendable (Snapshot) -> Part
    ) -> Requirement {
        Requirement("a snapshot store keeps \(what)") { store in
            for snapshot in snapshots {
                try await store.save(snapshot)
                let found = try require("the snapshot", try await store.latest(for: snapshot.stream))
                try require(what, part(found), is: part(snapshot))
            }
        }
    }

    private static func keepsState(
        _ what: String, _ state: @autoclosure @escaping @Sendable () -> Bytes, _ contentType: ContentType
    ) -> Requirement {
        Requirement("a snapshot store keeps a state \(what)") { store in
            let snapshot = Snapshot.sample(.sample(), contentType: contentType, state: state())
            try await store.save(snapshot)
            let found = try require("the snapshot", try await store.latest(for: snapshot.stream))
            try require("the state's length", found.state.count, is: snapshot.state.count)
            try require(found.state == snapshot.state, "a state of \(found.state.count) bytes comes back altered")
        }
    }
}
