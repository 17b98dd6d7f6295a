import EventSourcing
import FoundationEssentials

/// Chains digests of events: each covers the one before it, so that one digest stands for events and their order.
struct EventDigester {
    private var buffer: [UInt8] = []
    /// Destinations keep stored-at in order even where a source's clock went back.
    private var lastStoredAt = Timestamp.distantPast

    /// The digest of a stream with one more event: of everything that a copy keeps, which is all but the position.
    mutating func digest(_ event: RecordedEvent, behind previous: SHA256Digest) -> SHA256Digest {
        lastStoredAt = max(lastStoredAt, event.storedAt)
        buffer.removeAll(keepingCapacity: true)
        previous.append(to: &buffer)
        append(event.version)
        append(event.id)
        append(event.schemaVersion)
        append(event.occurredAt)
        append(lastStoredAt)
        buffer.append(event.contentType.rawValue)
        // With lengths, so that no byte can move from one field to the next.
        append(event.type.utf8.count)
        append(event.metadata.encoded.count)
        append(event.payload.count)
        buffer.append(contentsOf: event.type.utf8)
        append(event.metadata.encoded)
        append(event.payload)
        return SHA256Digest(of: buffer)
    }

    /// The digest of an order of events with one more event.
    mutating func digest(orderOf event: RecordedEvent, behind previous: SHA256Digest) -> SHA256Digest {
        buffer.removeAll(keepingCapacity: true)
        previous.append(to: &buffer)
        append(event.id)
        return SHA256Digest(of: buffer)
    }

    private mutating func append(_ instant: Timestamp) {
        append(Int(instant.seconds))
        append(Int(instant.nanoseconds))
    }

    private mutating func append(_ number: Int) {
        withUnsafeBytes(of: number.littleEndian) { buffer.append(contentsOf: $0) }
    }

    private mutating func append(_ id: UUID) {
        withUnsafeBytes(of: id.uuid) { buffer.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: Bytes) {
        bytes.withSpan { span in span.withUnsafeBytes { buffer.append(contentsOf: $0) } }
    }
}
