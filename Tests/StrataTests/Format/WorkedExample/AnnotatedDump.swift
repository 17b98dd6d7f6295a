/// Writes bytes out in hexadecimal digits, a line for each field, with the field's name and value.
struct AnnotatedDump {
    private static let bytesPerLine = 16
    let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var lines: [String] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func heading(_ text: String) {
        lines += ["", text]
    }

    /// The little-endian number at the offset, which stays where it is.
    func number(_ length: Int, ahead distance: Int = 0) -> UInt64 {
        bytes[(offset + distance)...].prefix(length).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The next bytes, whatever they stand for.
    mutating func field(_ length: Int, _ name: String) {
        guard length > 0 else { return }
        let field = bytes[offset..<offset + length]
        for start in stride(from: field.startIndex, to: field.endIndex, by: Self.bytesPerLine) {
            let part = field[start..<min(start + Self.bytesPerLine, field.endIndex)]
            let digits = part.map { Self.hexadecimal(UInt64($0), 2) }.joined(separator: " ")
            let line = "\(Self.hexadecimal(UInt64(start), 4))  \(digits)"
            let gap = String(repeating: " ", count: Self.bytesPerLine * 3 + 7 - line.count)
            lines.append(start == field.startIndex ? line + gap + name : line)
        }
        offset += length
    }

    /// The next bytes as a number.
    @discardableResult
    mutating func number(_ length: Int, _ name: String, _ meaning: (UInt64) -> String = { _ in "" }) -> Int {
        let value = number(length)
        let meaning = meaning(value)
        field(length, meaning.isEmpty ? "\(name) \(value)" : "\(name) \(value): \(meaning)")
        return Int(clamping: value)
    }

    /// The next bytes as a number in hexadecimal digits: a checksum, an epoch.
    mutating func digits(_ length: Int, _ name: String) {
        field(length, "\(name) \(Self.hexadecimal(number(length), length * 2))")
    }

    /// The next bytes as text.
    mutating func text(_ length: Int, _ name: String) {
        field(length, "\(name) \"\(String(decoding: bytes[offset..<offset + length], as: UTF8.self))\"")
    }

    /// The next 12 bytes as seconds and nanoseconds.
    mutating func timestamp(_ name: String) {
        field(8, "\(name), seconds \(Int64(bitPattern: number(8)))")
        number(4, "\(name), nanoseconds")
    }

    mutating func identifier(_ name: String) {
        let digits = bytes[offset..<offset + 16].map { Self.hexadecimal(UInt64($0), 2) }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        field(16, "\(name) \(groups.joined(separator: "-"))")
    }

    /// Zeros up to the next multiple of 8.
    mutating func padding() {
        field((8 - offset % 8) % 8, "padding")
    }

    private static func hexadecimal(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
