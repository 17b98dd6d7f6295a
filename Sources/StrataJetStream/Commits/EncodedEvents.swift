#if JetStream
import EventSourcing
import FoundationEssentials

/// Events one behind the other.
///
/// Of each: its id (16 bytes), occurred-at (12), schema version (4), content type (1), the lengths of its type (1), metadata
/// (4) and payload (4), then type, metadata and payload.
enum EncodedEvents {
    private static let fixedBytes = 42

    static func encode(_ events: [NewEvent]) -> Bytes {
        var writer = ByteWriter(
            capacity: events.reduce(0) {
                $0 + fixedBytes + $1.type.utf8.count + $1.metadata.encoded.count + $1.payload.count
            })
        for event in events {
            writer.write(event.id.bits)
            writer.write(event.occurredAt)
            writer.write(UInt32(event.schemaVersion))
            writer.write(event.contentType.rawValue)
            writer.write(UInt8(event.type.utf8.count))
            writer.write(UInt32(event.metadata.encoded.count))
            writer.write(UInt32(event.payload.count))
            writer.write(event.type)
            writer.write(event.metadata.encoded)
            writer.write(event.payload)
        }
        return Bytes(writer.bytes)
    }

    /// The events of a commit; nil where the bytes are not so many events.
    static func decode(
        _ bytes: Bytes, count: Int, _ place: (_ index: Int) -> (version: Int, position: Position), of stream: StreamID,
        storedAt: Timestamp
    ) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        events.reserveCapacity(count)
        var reader = ByteReader(bytes)
        for index in 0..<count {
            guard let id: UInt128 = reader.read(), let occurredAt = reader.readInstant(),
                let schemaVersion: UInt32 = reader.read(), let contentType: UInt8 = reader.read(),
                let typeLength: UInt8 = reader.read(), let metadataLength: UInt32 = reader.read(),
                let payloadLength: UInt32 = reader.read(), let type = reader.readText(count: Int(typeLength)),
                let metadata = reader.read(count: Int(metadataLength)),
                let payload = reader.read(count: Int(payloadLength))
            else { return nil }
            let (version, position) = place(index)
            events.append(
                RecordedEvent(
                    stream: stream, version: version, position: position, storedAt: storedAt, id: UUID(bits: id),
                    type: type, schemaVersion: Int(schemaVersion), occurredAt: occurredAt,
                    contentType: ContentType(rawValue: contentType), payload: payload,
                    metadata: EventMetadata(uncheckedEncoded: metadata)))
        }
        return reader.isAtEnd ? events : nil
    }
}
#endif
