#if JetStream
import EventSourcing

/// Writes little-endian numbers and runs of bytes one behind the other.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Groups of seven bits, the lowest first (LEB128).
    mutating func writeCompact(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ run: Bytes) {
        run.withSpan { span in span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    }

    mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ instant: Timestamp) {
        write(instant.seconds)
        write(instant.nanoseconds)
    }
}
#endif
