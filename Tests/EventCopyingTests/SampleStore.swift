import EventSourcing
import Foundation
import StrataTesting

/// A store with a bit of everything: commits of several events, streams that were truncated, deleted, begun again and
/// ended, payloads that are no JSON, and snapshots.
struct SampleStore {
    let events = InMemoryEventStore(clock: SampleClock().next)
    let snapshots = InMemorySnapshotStore()
    let streams: [StreamID]

    init(seed: UInt64, commits: Int = 120, streams count: Int = 12) async throws {
        var randomness = SeededRandomness(seed: seed)
        streams = (0..<count).map { _ in .random(&randomness) }
        for _ in 0..<commits { try await append(&randomness) }
        for (place, stream) in streams.enumerated() {
            let version = try await events.version(of: stream)
            guard version > 1 else { continue }
            switch place % 6 {
            case 1: try await events.truncate(stream, before: version / 2 + 1, expecting: .any)
            case 2: try await events.delete(stream, mode: .soft, expecting: .any)
            case 3:
                try await events.delete(stream, mode: .soft, expecting: .any)
                _ = try await events.append([.random(&randomness)], to: stream, expecting: .exactly(version))
            case 4: try await events.delete(stream, mode: .tombstone, expecting: .any)
            default: break
            }
        }
        try await events.delete(.random(&randomness), mode: .tombstone, expecting: .any)
        for _ in 0..<commits / 4 { try await append(&randomness) }
        for stream in streams {
            let status = try await events.status(of: stream)
            guard !status.isEmpty, randomness.isOne(in: 2) else { continue }
            try await snapshots.save(
                Snapshot(
                    stream: stream, version: status.version, schemaVersion: 3, createdAt: .now(),
                    state: Bytes(#"{"at":\#(status.version)}"#)))
        }
    }

    private func append(_ randomness: inout SeededRandomness) async throws {
        let stream = streams[Int.random(in: 0..<streams.count, using: &randomness)]
        guard try await !events.status(of: stream).isTombstoned else { return }
        let count = Int.random(in: 1...4, using: &randomness)
        var new: [NewEvent] = []
        for _ in 0..<count { new.append(.random(&randomness)) }
        _ = try await events.append(new, to: stream, expecting: .any)
    }
}

extension StreamID {
    static func random(_ randomness: inout SeededRandomness) -> StreamID {
        StreamID(randomness.isOne(in: 2) ? "Order" : "Kunde ü", .random(&randomness))
    }
}

extension UUID {
    static func random(_ randomness: inout SeededRandomness) -> UUID {
        let bytes = randomness.bytes(16)
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

extension NewEvent {
    static func random(_ randomness: inout SeededRandomness) -> NewEvent {
        let isJSON = randomness.isOne(in: 2)
        let number = Int.random(in: 0..<1_000_000, using: &randomness)
        return NewEvent(
            id: .random(&randomness), type: isJSON ? "Placed" : "Photographed", schemaVersion: 1 + number % 3,
            occurredAt: Timestamp(seconds: Int64(number) * 1_000, nanoseconds: UInt32(number)) ?? .now(),
            contentType: isJSON ? .json : .binary,
            payload: isJSON ? Bytes(#"{ "n": \#(number) }"#) : Bytes(randomness.bytes(number % 300)),
            metadata: EventMetadata(number % 2 == 0 ? [:] : ["tenant_id": "t\(number % 3)", "k": "v"]))
    }
}
