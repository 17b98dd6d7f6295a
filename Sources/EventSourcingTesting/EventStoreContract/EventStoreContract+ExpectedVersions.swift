import EventSourcing

extension EventStoreContract {
    static let expectedVersions: [Requirement] =
        [
            allows(.any, at: 0), allows(.any, at: 3),
            allows(.noStream, at: 0), refuses(.noStream, at: 3),
            refuses(.streamExists, at: 0), allows(.streamExists, at: 3),
            allows(.exactly(0), at: 0), refuses(.exactly(0), at: 3),
            allows(.exactly(3), at: 3), refuses(.exactly(2), at: 3), refuses(.exactly(4), at: 3),
            refuses(.exactly(1), at: 0),
        ] + conflicts

    private static let conflicts: [Requirement] = [
        Requirement("a conflict says what was expected") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            for expected in [ExpectedVersion.exactly(1), .noStream] {
                let conflict = try await require(.versionConflict, from: "an append expecting \(expected)") {
                    _ = try await store.append([.sample()], to: stream, expecting: expected)
                }
                try require("the expected version", conflict.expectedVersion, is: expected)
            }
        },
        Requirement("a conflict says the stream's version") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            for expected in [ExpectedVersion.exactly(1), .exactly(5), .noStream] {
                let conflict = try await require(.versionConflict, from: "an append expecting \(expected)") {
                    _ = try await store.append([.sample()], to: stream, expecting: expected)
                }
                try require("the actual version", conflict.actualVersion, is: 2)
            }
        },
        Requirement("a conflict says that a stream does not exist with version 0") { store in
            let conflict = try await require(.versionConflict, from: "an append expecting a stream") {
                _ = try await store.append([.sample()], to: .sample(), expecting: .streamExists)
            }
            try require("the actual version", conflict.actualVersion, is: 0)
        },
        Requirement("a conflict names the stream") { store in
            let stream = StreamID.sample()
            let conflict = try await require(.versionConflict, from: "an append expecting a stream") {
                _ = try await store.append([.sample()], to: stream, expecting: .streamExists)
            }
            try require("the stream", conflict.stream, is: stream)
        },
        Requirement("other streams do not count for the expected version") { store in
            try await store.append(3, to: .sample())
            _ = try await store.append([.sample()], to: .sample(), expecting: .exactly(0))
        },
    ]

    private static func allows(_ expected: ExpectedVersion, at version: Int) -> Requirement {
        Requirement("expecting \(spell(expected)) allows an append to \(stream(at: version))") { store in
            let stream = StreamID.sample()
            if version > 0 { try await store.append(version, to: stream) }
            let result = try await store.append([.sample()], to: stream, expecting: expected)
            try require("the version returned", result.version, is: version + 1)
        }
    }

    private static func refuses(_ expected: ExpectedVersion, at version: Int) -> Requirement {
        Requirement("expecting \(spell(expected)) refuses an append to \(stream(at: version))") { store in
            let stream = StreamID.sample()
            if version > 0 { try await store.append(version, to: stream) }
            try await require(.versionConflict, from: "the append") {
                _ = try await store.append([.sample()], to: stream, expecting: expected)
            }
        }
    }

    static func spell(_ expected: ExpectedVersion) -> String {
        switch expected {
        case .any: "any version"
        case .noStream: "no stream"
        case .streamExists: "an existing stream"
        case .exactly(let version): "version \(version)"
        }
    }

    private static func stream(at version: Int) -> String {
        version == 0 ? "a new stream" : "a stream at version \(version)"
    }
}
