import ArgumentParser
import EventSourcing
import Foundation
import Strata

/// What can be counted. Each counts one of: an append, an event that is read, a look-up.
enum ProbedOperation: String, CaseIterable, ExpressibleByArgument, Sendable {
    case append
    case appendHundred = "append-hundred"
    case appendLarge = "append-large"
    case readStream = "read-stream"
    case readFeed = "read-feed"
    case version
    case existence

    static let warmUp = 400
}

/// A store with a stream of events that is read again and again, and streams that are appended to.
struct ProbedStore: Sendable {
    private static let streamLength = 200

    private let events: StrataEventStore
    private let read: StreamID
    private let first: UUID

    init(_ store: StrataStore) async throws {
        events = store.events
        read = StreamID("Order", Self.id(1, 0))
        first = Self.id(2, 0)
        for index in 0..<Self.streamLength {
            _ = try await events.append([Self.event(Self.id(2, index))], to: read, expecting: .exactly(index))
        }
    }

    /// - Parameter count: a multiple of 200 where events are read.
    func run(_ operation: ProbedOperation, count: Int) async throws {
        switch operation {
        case .append: try await append(count, eventCount: 1, payloadBytes: 256)
        case .appendHundred: try await append(count, eventCount: 100, payloadBytes: 256)
        case .appendLarge: try await append(count, eventCount: 1, payloadBytes: 1 << 20)
        case .readStream:
            for _ in 0..<count / Self.streamLength {
                for try await batch in events.readStream(read) { try check(batch.count == Self.streamLength) }
            }
        case .readFeed:
            for _ in 0..<count / Self.streamLength {
                for try await batch in events.readAll(limit: Self.streamLength) {
                    try check(batch.count == Self.streamLength)
                }
            }
        case .version: for _ in 0..<count { try check(await events.version(of: read) == Self.streamLength) }
        case .existence: for _ in 0..<count { try check(await events.containsEvent(withID: first)) }
        }
    }

    private func append(_ count: Int, eventCount: Int, payloadBytes: Int) async throws {
        // Another kind for each run, so that ids differ.
        let kind = 3 + (try await events.currentPosition()?.rawValue ?? 0)
        let stream = StreamID("Order", Self.id(kind, 0))
        for index in 0..<count {
            let new = (0..<eventCount).map {
                Self.event(Self.id(kind, index * eventCount + $0), payloadBytes: payloadBytes)
            }
            _ = try await events.append(new, to: stream, expecting: .exactly(index * eventCount))
        }
    }

    private func check(_ isRight: Bool) throws {
        guard isRight else { throw ValidationError("a read gave something else than what was stored") }
    }

    private static let payload = Bytes(#"{"text":""# + String(repeating: "x", count: 245) + #""}"#)
    private static let large = Bytes(#"{"text":""# + String(repeating: "x", count: 1 << 20) + #""}"#)
    private static let metadata = EventMetadata(correlationID: "0b9e6d2c-5d0e-4b5a-9a53-2f1c7a1e3")
    private static let occurredAt = Timestamp.now()

    private static func event(_ id: UUID, payloadBytes: Int = 256) -> NewEvent {
        NewEvent(
            id: id, type: "OrderItemAdded", occurredAt: occurredAt, payload: payloadBytes > 256 ? large : payload,
            metadata: metadata)
    }

    private static func id(_ kind: Int, _ number: Int) -> UUID {
        UUID(uuid: unsafeBitCast((UInt64(kind).bigEndian, UInt64(number).bigEndian), to: uuid_t.self))
    }
}
