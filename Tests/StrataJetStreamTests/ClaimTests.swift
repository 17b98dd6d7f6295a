#if JetStream
import EventSourcing
import Foundation
import StrataJetStream
import Testing

extension JetStreamTests {
    /// What claims and fences do when appends are interrupted.
    @Suite struct ClaimTests {
        private func event(_ id: UUID = UUID()) -> NewEvent {
            NewEvent(id: id, type: "Opened", occurredAt: .now(), payload: Bytes("{}"))
        }

        @Test func aClaimLeftBehindGivesWayToAnotherStream() async throws {
            try await TestServers.single.withStore { store, _ in
                let (dead, alive) = (StreamID("Order", UUID()), StreamID("Order", UUID()))
                let event = event()
                try await store.events.claim([event.id], for: dead)
                let result = try await store.events.append([event], to: alive, expecting: .noStream)
                #expect(result.version == 1)
                #expect(try await store.events.event(withID: event.id)?.stream == alive)
                // The fence in the other stream shows nowhere.
                #expect(try await store.events.status(of: dead) == StreamStatus(version: 0))
                #expect(try await store.events.readAll().collect().map(\.id) == [event.id])
                #expect(try await store.events.currentPosition() == result.lastPosition)
                #expect(try await store.events.append([self.event()], to: dead, expecting: .noStream).version == 1)
            }
        }

        @Test func aClaimLeftBehindServesTheRepetition() async throws {
            try await TestServers.single.withStore { store, _ in
                let stream = StreamID("Order", UUID())
                let event = event()
                try await store.events.claim([event.id], for: stream)
                #expect(try await store.events.append([event], to: stream, expecting: .noStream).version == 1)
            }
        }

        @Test func oneIDForManyStreamsAtOnceIsStoredOnce() async throws {
            try await TestServers.single.withStore { _, options in
                let event = event()
                let outcomes = await withTaskGroup { group in
                    for _ in 1...6 {
                        group.addTask {
                            guard let store = try? await JetStreamStore.open(options) else { return "not opened" }
                            defer { store.close() }
                            do {
                                _ = try await store.events.append(
                                    [event], to: StreamID("Order", UUID()), expecting: .noStream)
                                return "stored"
                            } catch {
                                return "\((error as? EventStoreError)?.code.description ?? "\(error)")"
                            }
                        }
                    }
                    return await group.reduce(into: [String]()) { $0.append($1) }
                }
                #expect(outcomes.sorted() == Array(repeating: "duplicate_event_id", count: 5) + ["stored"])
                let store = try await JetStreamStore.open(options)
                #expect(try await store.events.readAll().collect().count == 1)
                store.close()
            }
        }
    }

    /// What only large values show.
    @Suite struct PartTests {
        @Test func aCommitInPartsIsReadAndReleased() async throws {
            try await TestServers.single.withStore { store, _ in
                let stream = StreamID("Order", UUID())
                let payloads = (1...3).map { Bytes(Array(repeating: UInt8($0), count: 1_500_000)) }
                let events = payloads.map {
                    NewEvent(type: "Opened", occurredAt: .now(), contentType: .binary, payload: $0)
                }
                _ = try await store.events.append(events, to: stream, expecting: .noStream)
                #expect(try await store.events.readAll().collect().map(\.payload) == payloads)
                try await store.events.truncate(stream, before: 3, expecting: .any)
                #expect(try await store.events.readAll().collect().map(\.version) == [3])
                try await store.events.delete(stream, mode: .soft, expecting: .any)
                #expect(try await store.events.readAll().collect().isEmpty)
            }
        }

        @Test func aSnapshotInPartsReplacesAnother() async throws {
            try await TestServers.single.withStore { store, _ in
                let stream = StreamID("Order", UUID())
                for version in 1...3 {
                    let state = Bytes(Array(repeating: UInt8(version), count: 2_500_000))
                    try await store.snapshots.save(
                        Snapshot(
                            stream: stream, version: version, schemaVersion: 1, createdAt: .now(),
                            contentType: .binary, state: state))
                    #expect(try await store.snapshots.latest(for: stream)?.state == state)
                }
                #expect(try await store.snapshots.delete(for: stream))
                #expect(try await store.snapshots.latest(for: stream) == nil)
            }
        }
    }
}
#endif
