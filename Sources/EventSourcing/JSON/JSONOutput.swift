import FoundationEssentials

/// Gathers encoded values, and puts them together once all are there: members are sorted by their names, which come in any
/// order.
final class JSONOutput {
    enum Value {
        /// Finished text, in ``JSONOutput``'s buffer.
        case text(Range<Int>)
        case object(Object)
        case array(Array)
        /// Of an encoder whose value may still come.
        case later(JSONValueEncoder)
    }

    final class Object {
        /// In the order in which they came; of two with the same name the last one counts.
        @exclusivity(unchecked) var members: [(name: String, value: Value)] = []

        /// In the order of their names.
        var sorted: [(name: String, value: Value)] {
            let names = members.lazy.map(\.name.utf8)
            if zip(names, names.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) { return members }
            let order = members.indices.sorted { left, right in
                let (first, second) = (members[left].name.utf8, members[right].name.utf8)
                return first.lexicographicallyPrecedes(second) || (left < right && first.elementsEqual(second))
            }
            var sorted: [(name: String, value: Value)] = []
            sorted.reserveCapacity(order.count)
            for index in order {
                if let last = sorted.last, last.name.utf8.elementsEqual(members[index].name.utf8) {
                    sorted.removeLast()
                }
                sorted.append(members[index])
            }
            return sorted
        }
    }

    final class Array {
        @exclusivity(unchecked) var elements: [Value] = []
    }

    @exclusivity(unchecked) private var buffer: [UInt8] = []

    init() {
        buffer.reserveCapacity(256)
    }

    /// Writes a number, `true`, `false` or `null`.
    func write(_ literal: String) -> Value {
        let start = buffer.count
        buffer.append(contentsOf: literal.utf8)
        // JSON needs no fraction for a whole number: 10.0 is 10.
        let end = buffer.count
        if end - start > 2, buffer[end - 1] == UInt8(ascii: "0"), buffer[end - 2] == UInt8(ascii: ".") {
            buffer.removeLast(2)
        }
        return .text(start..<buffer.count)
    }

    func write(string: String) -> Value {
        let start = buffer.count
        JSONEscape.append(string, to: &buffer)
        return .text(start..<buffer.count)
    }

    func write(_ uuid: UUID) -> Value {
        let start = buffer.count
        buffer.append(UInt8(ascii: "\""))
        // Safe: the pointer is used only during the call.
        uuid.notation(letterA: UInt8(ascii: "A")).span.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
        buffer.append(UInt8(ascii: "\""))
        return .text(start..<buffer.count)
    }

    /// - Throws: `EncodingError` for what nests too deep to be read.
    func text(of value: Value) throws -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(buffer.count * 2)
        try append(value, depth: 0, to: &text)
        return text
    }

    /// What nests deeper than a reader goes.
    static func tooDeep(_ path: [any CodingKey]) -> EncodingError {
        EncodingError.invalidValue(
            JSONText.depthLimit,
            EncodingError.Context(
                codingPath: path, debugDescription: "more than \(JSONText.depthLimit) levels of nesting"))
    }

    private func append(_ value: Value, depth: Int, to text: inout [UInt8]) throws {
        switch value {
        case .text(let range): text.append(contentsOf: buffer[range])
        case .later(let encoder): try append(encoder.value ?? .object(Object()), depth: depth, to: &text)
        case .array, .object:
            guard depth < JSONText.depthLimit else { throw Self.tooDeep([]) }
            try append(members: value, depth: depth, to: &text)
        }
    }

    private func append(members value: Value, depth: Int, to text: inout [UInt8]) throws {
        switch value {
        case .text, .later: break
        case .array(let array):
            text.append(UInt8(ascii: "["))
            for (index, element) in array.elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                try append(element, depth: depth + 1, to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let object):
            text.append(UInt8(ascii: "{"))
            for (index, member) in object.sorted.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                JSONEscape.append(member.name, to: &text)
                text.append(UInt8(ascii: ":"))
                try append(member.value, depth: depth + 1, to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}
