/// Cuts an input that arrives in chunks into lines, in memory bounded by the longest line that is allowed.
///
/// Lines end with LF or CRLF, the last one perhaps with neither. Blank lines are passed over but counted, and so is a
/// byte order mark at the beginning of the input.
public struct LineSplitter: Sendable {
    /// 128 MiB: what one commit's limit of 64 MiB comes to in Base64, with room for the rest.
    public static let defaultLengthLimit = 128 << 20

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let lengthLimit: Int
    private var buffer: [UInt8] = []
    private var lineStart = 0
    private var searched = 0
    private var number = 0
    private var isDiscarding = false

    public init(lengthLimit: Int = LineSplitter.defaultLengthLimit) {
        self.lengthLimit = lengthLimit
    }

    /// Takes a chunk; ``next()`` then gives the lines that it completed.
    public mutating func append(_ chunk: [UInt8]) {
        if lineStart > 0 {
            buffer.removeSubrange(..<lineStart)
            searched -= lineStart
            lineStart = 0
        }
        buffer.append(contentsOf: chunk)
    }

    /// The next complete line; nil where more input is needed.
    public mutating func next() -> InputLine? {
        while let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            let range = lineStart..<end
            lineStart = end + 1
            searched = lineStart
            if let line = line(in: range) { return line }
        }
        searched = buffer.count
        // One byte more than the limit may be a CR, and three more the byte order mark of the first line.
        if buffer.count - lineStart > lengthLimit + (number == 0 ? Self.byteOrderMark.count : 0) + 1 {
            isDiscarding = true
            buffer.removeAll()
            lineStart = 0
            searched = 0
        }
        return nil
    }

    /// The last line, where no line break ends it. Called once ``next()`` has given all others.
    public mutating func finish() -> InputLine? {
        let range = lineStart..<buffer.count
        lineStart = buffer.count
        searched = buffer.count
        return range.isEmpty && !isDiscarding ? nil : line(in: range)
    }

    private mutating func line(in range: Range<Int>) -> InputLine? {
        number += 1
        if isDiscarding {
            isDiscarding = false
            return InputLine(number: number, content: nil)
        }
        var content = buffer[range]
        if number == 1, content.starts(with: Self.byteOrderMark) {
            content = content.dropFirst(Self.byteOrderMark.count)
        }
        if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
        guard content.count <= lengthLimit else { return InputLine(number: number, content: nil) }
        guard !content.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { return nil }
        return InputLine(number: number, content: Array(content))
    }
}
