#if PostgreSQL
import EventSourcing
import FoundationEssentials

/// The parameters of a statement in PostgreSQL's binary form, one behind the other in one buffer.
///
/// The forms are those of the server's `*recv` functions: numbers are big-endian, an array is its number of dimensions, a flag
/// for nulls, its element type, its length and lower bound, and then each element behind its length.
struct BinaryParameters: Sendable {
    private(set) var buffer: [UInt8] = []
    /// Where each parameter lies in the buffer; nil for NULL.
    private(set) var ranges: [Range<Int>?] = []

    var count: Int { ranges.count }

    mutating func reserveCapacity(_ bytes: Int) {
        buffer.reserveCapacity(bytes)
    }

    mutating func appendNull() {
        ranges.append(nil)
    }

    mutating func append(_ value: some FixedWidthInteger) {
        parameter { $0.write(value) }
    }

    mutating func append(_ value: String?) {
        guard let value else { return appendNull() }
        parameter { $0.buffer += value.utf8 }
    }

    mutating func append(_ value: UUID) {
        parameter { $0.write(value.bits) }
    }

    mutating func append(_ value: Bytes) {
        parameter { $0.write(value) }
    }

    /// Instants are microseconds since 2000-01-01; what is finer travels apart.
    mutating func append(_ value: Timestamp) {
        append(value.serverMicroseconds)
    }

    /// A parameter that is an array of one dimension.
    ///
    /// - Parameters:
    ///   - type: the type of the elements.
    ///   - values: what the elements are made of.
    ///   - write: writes one element.
    mutating func append<Value>(
        _ type: ElementType, _ values: some Collection<Value>, _ write: (inout BinaryParameters, Value) -> Void
    ) {
        append(type, values, isNull: { _ in false }, write)
    }

    /// A parameter that is an array of one dimension with nulls in it.
    mutating func append<Value>(
        _ type: ElementType, _ values: some Collection<Value>, isNull: (Value) -> Bool,
        _ write: (inout BinaryParameters, Value) -> Void
    ) {
        parameter { parameters in
            parameters.write(values.isEmpty ? 0 : 1 as Int32)
            parameters.write(0 as Int32)
            parameters.write(type.rawValue)
            guard !values.isEmpty else { return }
            parameters.write(Int32(values.count))
            parameters.write(1 as Int32)
            for value in values {
                let place = parameters.buffer.count
                parameters.write(-1 as Int32)
                guard !isNull(value) else { continue }
                write(&parameters, value)
                parameters.overwrite(Int32(parameters.buffer.count - place - 4), at: place)
            }
        }
    }

    /// The types of arrays' elements, by their numbers in the server's catalogue (`pg_type.dat`).
    enum ElementType: UInt32 {
        case bytes = 17
        case int64 = 20
        case int16 = 21
        case text = 25
        case timestamp = 1184
        case uuid = 2950
    }

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { buffer.append(contentsOf: $0) }
    }

    mutating func write(_ value: Bytes) {
        value.withSpan { span in span.withUnsafeBytes { buffer.append(contentsOf: $0) } }
    }

    mutating func write(_ value: String) {
        buffer += value.utf8
    }

    private mutating func overwrite(_ value: Int32, at offset: Int) {
        withUnsafeBytes(of: value.bigEndian) { bytes in
            for (index, byte) in bytes.enumerated() { buffer[offset + index] = byte }
        }
    }

    private mutating func parameter(_ write: (inout BinaryParameters) -> Void) {
        let start = buffer.count
        write(&self)
        ranges.append(start..<buffer.count)
    }
}

extension Timestamp {
    private static let secondsTo2000: Int64 = 946_684_800

    /// Microseconds since 2000-01-01, rounded down: what the server's `timestamptz` holds.
    var serverMicroseconds: Int64 {
        (seconds - Self.secondsTo2000) * 1_000_000 + Int64(nanoseconds / 1_000)
    }

    /// The nanoseconds that ``serverMicroseconds`` leaves out: 0 to 999.
    var serverRemainder: Int16 {
        Int16(nanoseconds % 1_000)
    }

    /// An instant from what the server keeps; nil outside the years 1 to 9999.
    init?(serverMicroseconds: Int64, remainder: Int16) {
        guard (0..<1_000).contains(remainder) else { return nil }
        var (seconds, microseconds) = serverMicroseconds.quotientAndRemainder(dividingBy: 1_000_000)
        if microseconds < 0 {
            seconds -= 1
            microseconds += 1_000_000
        }
        self.init(
            seconds: seconds + Self.secondsTo2000, nanoseconds: UInt32(microseconds) * 1_000 + UInt32(remainder))
    }
}
#endif
