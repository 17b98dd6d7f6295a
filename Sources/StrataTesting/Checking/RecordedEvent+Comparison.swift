package import EventSourcing
import Glibc

extension RecordedEvent {
    /// Whether two events are equal in every field and byte. Payloads are compared at once, not byte by byte as the
    /// unoptimised `==` does: checks compare millions of them.
    package func isSame(as other: RecordedEvent) -> Bool {
        payload.isSame(as: other.payload) && withoutPayload == other.withoutPayload
    }

    private var withoutPayload: RecordedEvent {
        RecordedEvent(
            stream: stream, version: version, position: position, storedAt: storedAt, id: id, type: type,
            schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType, payload: Bytes(),
            metadata: metadata)
    }
}

extension [RecordedEvent] {
    /// Whether two runs of events are equal in every field and byte.
    package func isSame(as other: [RecordedEvent]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isSame(as: $1) }
    }
}

extension Bytes {
    /// Whether two runs of bytes are equal.
    package func isSame(as other: Bytes) -> Bool {
        guard count == other.count else { return false }
        // Safe: both pointers are used only during the calls.
        return withSpan { left in
            other.withSpan { right in
                left.withUnsafeBytes { left in
                    right.withUnsafeBytes { right in left.isSame(as: right) }
                }
            }
        }
    }
}

extension [UInt8] {
    /// Whether the bytes begin with others.
    func begins(with prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        // Safe: both pointers are used only during the calls.
        return withUnsafeBytes { bytes in
            prefix.withUnsafeBytes { prefix in
                UnsafeRawBufferPointer(rebasing: bytes[..<prefix.count]).isSame(as: prefix)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        guard let left = baseAddress, let right = other.baseAddress, count == other.count else {
            return count == other.count
        }
        return memcmp(left, right, count) == 0
    }
}
