import EventSourcing
import FoundationEssentials

/// The events of the rows on servers.
enum ServerEvents {
    static let aggregateType = "Order"
    static let type = "ItemAdded"
    static let payload = Bytes(Array(repeating: UInt8(ascii: "1"), count: 256))
    /// Events in the stream that is loaded.
    static let streamLength = 200

    static func newStream() -> StreamID { StreamID(aggregateType, UUID()) }

    static func make(_ count: Int) -> [NewEvent] {
        (0..<count).map { _ in NewEvent(type: type, payload: payload) }
    }

    /// A stream of ``streamLength`` events, each appended by itself.
    static func fillStream(of store: some EventStore) async throws -> (stream: StreamID, positions: [Position]) {
        let stream = newStream()
        var positions: [Position] = []
        for version in 0..<streamLength {
            let result = try await store.append(make(1), to: stream, expecting: .exactly(version))
            positions.append(result.lastPosition)
        }
        return (stream, positions)
    }

    static func load(_ stream: StreamID, of store: some EventStore) async throws {
        guard try await store.readStream(stream).collect().count == streamLength else {
            throw BenchmarkError("events of a stream are missing")
        }
    }
}
