#if JetStream
import EventSourcing

/// Reads what ``ByteWriter`` wrote; nil where there is no more, or no such thing.
struct ByteReader {
    private let bytes: Bytes
    private var next = 0

    init(_ bytes: Bytes) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { next == bytes.count }
    var rest: Bytes { bytes.slice(next..<bytes.count) }

    mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type = Number.self) -> Number? {
        let width = MemoryLayout<Number>.size
        guard bytes.count - next >= width else { return nil }
        let number = bytes.withSpan { span in
            span.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: next, as: Number.self) }
        }
        next += width
        return Number(littleEndian: number)
    }

    mutating func readCompact() -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte: UInt8 = read(), shift <= 56 {
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        return nil
    }

    mutating func read(count: Int) -> Bytes? {
        guard count >= 0, count <= bytes.count - next else { return nil }
        defer { next += count }
        return bytes.slice(next..<next + count)
    }

    mutating func readText(count: Int) -> String? {
        read(count: count).flatMap { String(utf8: $0) }
    }

    mutating func readInstant() -> Timestamp? {
        guard let seconds: Int64 = read(), let nanoseconds: UInt32 = read() else { return nil }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}
#endif
