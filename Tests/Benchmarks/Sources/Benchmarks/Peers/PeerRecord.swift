import EventSourcing
import Glibc

/// How key-value peers keep an event: fields of fixed width, then the event type, the metadata and the payload.
enum PeerRecord {
    private static let headerBytes = 64

    /// Appends the encoded event to a buffer.
    static func encode(
        _ event: SampleEvent, of template: EventTemplate, stream: SampleID, version: Int, storedAt: Int64,
        into buffer: inout [UInt8]
    ) {
        var type = template.type
        let header: (UInt64, UInt64, UInt64, UInt64, UInt64, Int64, UInt32, UInt32, UInt32, UInt32) = (
            event.id.high, event.id.low, stream.high, stream.low, UInt64(version), storedAt, 1,
            UInt32(type.utf8.count), UInt32(template.metadataBytes.count), UInt32(template.payload.count)
        )
        withUnsafeBytes(of: header) { buffer.append(contentsOf: $0) }
        type.withUTF8 { buffer.append(contentsOf: $0) }
        buffer.append(contentsOf: template.metadataBytes)
        buffer.append(contentsOf: template.payload)
    }

    /// Looks at every field, as whoever makes an event of it must: returns a number that depends on all of them.
    static func touch(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0
        for offset in stride(from: 0, to: headerBytes - 8, by: 8) {
            sum &+= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return sum &+ UInt64(bytes[bytes.count - 1])
    }

    /// The wall clock, in nanoseconds: what a store notes as the time of an append.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension SampleID {
    /// The id's bytes in an order that compares as the numbers do.
    func withKey<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }
}
