import EventSourcing

extension SnapshotStoreContract {
    static let deleting: [Requirement] = [
        Requirement("a deleted snapshot is gone") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream))
            try await store.delete(for: stream)
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: nil)
        },
        Requirement("a deleted snapshot is said not to exist") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream))
            try await store.delete(for: stream)
            try require("whether a snapshot exists", try await store.exists(for: stream), is: false)
        },
        Requirement("deleting a snapshot says that there was one") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream))
            try require("whether there was one", try await store.delete(for: stream), is: true)
        },
        Requirement("deleting a snapshot that does not exist says so") { store in
            try await store.save(.sample(.sample()))
            try require("whether there was one", try await store.delete(for: .sample()), is: false)
        },
        Requirement("deleting a snapshot leaves those of other aggregates") { store in
            let streams = [StreamID.sample(), .sample()]
            for stream in streams { try await store.save(.sample(stream)) }
            try await store.delete(for: streams[0])
            try require("whether the other one exists", try await store.exists(for: streams[1]), is: true)
        },
        Requirement("a snapshot of a lower version can be saved behind a deletion") { store in
            let stream = StreamID.sample()
            try await store.save(.sample(stream, version: 100))
            try await store.delete(for: stream)
            try await store.save(.sample(stream, version: 50))
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 50)
        },
        Requirement("a snapshot that is still kept is deleted when it is named") { store in
            let snapshot = Snapshot.sample(.sample())
            try await store.save(snapshot)
            try require("whether it was there", try await store.delete(snapshot), is: true)
            try require("the snapshot's version", try await store.latest(for: snapshot.stream)?.version, is: nil)
        },
        Requirement("a snapshot that was replaced is not deleted when it is named") { store in
            let stream = StreamID.sample()
            let earlier = Snapshot.sample(stream, version: 50)
            for snapshot in [earlier, .sample(stream, version: 100)] { try await store.save(snapshot) }
            try require("whether it was there", try await store.delete(earlier), is: false)
            try require("the snapshot's version", try await store.latest(for: stream)?.version, is: 100)
        },
        Requirement("deleting an aggregate type deletes all its snapshots") { store in
            let streams = [StreamID.sample(), .sample(), .sample()]
            for stream in streams { try await store.save(.sample(stream)) }
            try await store.deleteAll(ofType: "Order")
            for stream in streams {
                try require("whether a snapshot exists", try await store.exists(for: stream), is: false)
            }
        },
        Requirement("deleting an aggregate type says how many snapshots it had") { store in
            let twice = StreamID.sample()
            for stream in [twice, twice, .sample(), .sample("Invoice")] { try await store.save(.sample(stream)) }
            try require("the number deleted", try await store.deleteAll(ofType: "Order"), is: 2)
        },
        Requirement("deleting an aggregate type leaves other types") { store in
            let stream = StreamID.sample("OrderLine")
            try await store.save(.sample(stream))
            try await store.deleteAll(ofType: "Order")
            try require("whether the other one exists", try await store.exists(for: stream), is: true)
        },
        Requirement("deleting below a schema version deletes lower ones") { store in
            let streams = [StreamID.sample(), .sample()]
            for (index, stream) in streams.enumerated() {
                try await store.save(.sample(stream, schemaVersion: index + 1))
            }
            try await store.deleteAll(ofType: "Order", schemaVersionBelow: 3)
            for stream in streams {
                try require("whether a snapshot exists", try await store.exists(for: stream), is: false)
            }
        },
        Requirement("deleting below a schema version leaves that version and higher ones") { store in
            let streams = [StreamID.sample(), .sample()]
            for (index, stream) in streams.enumerated() {
                try await store.save(.sample(stream, schemaVersion: index + 3))
            }
            try await store.deleteAll(ofType: "Order", schemaVersionBelow: 3)
            for stream in streams {
                try require("whether a snapshot exists", try await store.exists(for: stream), is: true)
            }
        },
        Requirement("deleting below a schema version says how many were deleted") { store in
            for schemaVersion in 1...5 { try await store.save(.sample(.sample(), schemaVersion: schemaVersion)) }
            let deleted = try await store.deleteAll(ofType: "Order", schemaVersionBelow: 3)
            try require("the number deleted", deleted, is: 2)
        },
        Requirement("deleting below a schema version leaves other types") { store in
            let stream = StreamID.sample("Invoice")
            try await store.save(.sample(stream, schemaVersion: 1))
            try await store.deleteAll(ofType: "Order", schemaVersionBelow: 3)
            try require("whether the other one exists", try await store.exists(for: stream), is: true)
        },
    ]
}
