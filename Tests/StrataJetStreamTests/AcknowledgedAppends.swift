#if JetStream
import EventSourcing
import Foundation
import StrataJetStream
import Synchronization
import Testing

/// What writers were told of their appends, to be compared with what a store has in the end.
final class AcknowledgedAppends: Sendable {
    private struct State {
        var acknowledged: [UUID: (stream: StreamID, version: Int)] = [:]
        var failed: Set<UUID> = []
        var unknown: Set<UUID> = []
        var unexpected: [String] = []
    }

    private let state = Mutex(State())

    var acknowledgedCount: Int { state.withLock { $0.acknowledged.count } }
    var refusedCount: Int { state.withLock { $0.failed.count + $0.unknown.count } }

    /// Appends events and keeps what came of it.
    func append(_ count: Int, to stream: StreamID, expecting expected: ExpectedVersion, of store: any EventStore) async
    {
        let events = (0..<count).map { NewEvent(type: "Counted", occurredAt: .now(), payload: Bytes(#"{"n":\#($0)}"#)) }
        do {
            let result = try await store.append(events, to: stream, expecting: expected)
            state.withLock { state in
                for (index, event) in events.enumerated() {
                    state.acknowledged[event.id] = (stream, result.version - count + index + 1)
                }
            }
        } catch {
            state.withLock { state in
                switch error.code {
                case .versionConflict, .ioFailure, .storageFull: state.failed.formUnion(events.map(\.id))
                case .outcomeUnknown: state.unknown.formUnion(events.map(\.id))
                default: state.unexpected.append("\(error)")
                }
            }
        }
    }

    /// Every acknowledged event is there in its place, no failed one is, and versions have no gaps.
    func expectAgreement(with store: any EventStore) async throws {
        let feed = try await store.readAll().collect()
        let (acknowledged, failed, unknown, unexpected) = state.withLock { state in
            (state.acknowledged, state.failed, state.unknown, state.unexpected)
        }
        #expect(unexpected.isEmpty, "\(unexpected)")
        let stored = Dictionary(grouping: feed, by: \.id)
        #expect(stored.values.allSatisfy { $0.count == 1 }, "an event is stored twice")
        for (id, place) in acknowledged {
            let event = stored[id]?.first
            #expect(event?.stream == place.stream && event?.version == place.version, "an acknowledged event is gone")
        }
        #expect(failed.isDisjoint(with: stored.keys), "an append that failed was stored")
        for id in stored.keys {
            #expect(acknowledged[id] != nil || unknown.contains(id), "an event is stored that nobody knows of")
        }
        for (stream, events) in Dictionary(grouping: feed, by: \.stream) {
            #expect(events.map(\.version) == Array(1...events.count), "the versions of \(stream) have gaps")
        }
        #expect(zip(feed, feed.dropFirst()).allSatisfy { $0.position < $1.position })
    }
}
#endif
