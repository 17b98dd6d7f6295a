import EventSourcing

extension CopyableStoreContract {
    /// What imported commits are like.
    static let commits: [Requirement] = [
        Requirement("an imported commit has its versions, its time and its contents") { store in
            let stream = StreamID.sample()
            let events = [
                NewEvent.sample("Begun", schemaVersion: 7, metadata: EventMetadata(["actor": "a", "x": "y"])),
                NewEvent.sample("Ended", contentType: .binary, payload: Bytes([0, 0xFF, 0x0A])),
            ]
            for (place, event) in events.enumerated() {
                try await store.importChanges([
                    .commit(
                        ImportedCommit(
                            [event], to: stream, firstVersion: place + 1, storedAt: Timestamp.imported[place]))
                ])
            }
            for (place, found) in try await store.readStream(stream).collect().enumerated() {
                try require("the version", found.version, is: place + 1)
                try require("the time", found.storedAt, is: Timestamp.imported[place])
                try require(NewEvent(found) == events[place], "an imported event comes back altered")
            }
            try require("the version", try await store.version(of: stream), is: 2)
        },
        Requirement("imported commits stand in the feed in the order given") { store in
            let (one, other) = (StreamID.sample(), StreamID.sample("Customer"))
            let changes: [ImportedChange] = [
                .sample(2, to: one), .sample(1, to: other), .sample(3, to: one, firstVersion: 3),
                .sample(2, to: other, firstVersion: 2),
            ]
            try await store.importChanges(changes)
            try await store.readAll().require("the feed", gives: changes.flatMap(\.events))
        },
        Requirement("an imported commit is not stored before the last one") { store in
            let stream = StreamID.sample()
            let times = Timestamp.imported
            try await store.importChanges([
                .sample(to: stream, storedAt: times[4]), .sample(to: stream, firstVersion: 2, storedAt: times[1]),
                .sample(to: stream, firstVersion: 3, storedAt: times[5]),
            ])
            try await store.importChanges([.sample(to: stream, firstVersion: 4, storedAt: times[2])])
            try require(
                "the times", try await store.readAll().collect().map(\.storedAt),
                is: [times[4], times[4], times[5], times[5]])
        },
        Requirement("appends go on behind imported commits") { store in
            let stream = StreamID.sample()
            try await store.importChanges([.sample(3, to: stream)])
            let result = try await store.append(NewEvent.samples(1), to: stream, expecting: .exactly(3))
            try require("the version", result.version, is: 4)
            let times = try await store.readAll().collect().map(\.storedAt)
            try require(times.last ?? .distantPast > Timestamp.imported[0], "an append is not stored now")
        },
        Requirement("imported events are found by their ids") { store in
            let change = ImportedChange.sample(2, to: .sample())
            try await store.importChanges([change])
            for event in change.events {
                try require(try await store.containsEvent(withID: event.id), "an imported event is not found")
            }
        },
        Requirement("an import of a commit of many events keeps it whole") { store in
            let change = ImportedChange.sample(1_000, to: .sample())
            try await store.importChanges([change])
            try await store.readStream(change.stream).require("the stream", gives: change.events)
            let again = try await store.append(change.events, to: change.stream, expecting: .exactly(0))
            try require("the version of the same append", again.version, is: 1_000)
        },
        Requirement("an import of nothing changes nothing") { store in
            try await store.importChanges([])
            try require("the position", try await store.currentPosition(), is: nil)
        },
    ]
}

extension ImportedChange {
    var events: [NewEvent] {
        if case .commit(let commit) = self { commit.events } else { [] }
    }
}
