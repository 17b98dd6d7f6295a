import FoundationEssentials

extension EventStoreError {
    /// A failure of encoding or decoding, told without the values that it met.
    ///
    /// Coding errors quote the values that they stumble over, and a payload must not end up in messages and logs. What
    /// remains is the kind of failure and the path to it, of which only keys that are declared are shown: those of a
    /// dictionary are values, too.
    static func coding(
        _ code: Code, _ message: String, _ error: any Error, stream: StreamID? = nil, eventID: UUID? = nil,
        fileID: String = #fileID, line: Int = #line
    ) -> EventStoreError {
        let reason =
            switch error {
            case DecodingError.keyNotFound(let key, let context): "no value at \(path(context.codingPath + [key]))"
            case DecodingError.valueNotFound(let type, let context): "null, not \(type), at \(path(context.codingPath))"
            case DecodingError.typeMismatch(let type, let context): "no \(type) at \(path(context.codingPath))"
            case DecodingError.dataCorrupted(let context): "malformed at \(path(context.codingPath))"
            case is JSONSyntaxError: "malformed at the top"
            case EncodingError.invalidValue(_, let context): "an invalid value at \(path(context.codingPath))"
            default: "\(type(of: error))"
            }
        return EventStoreError(
            code, "\(message): \(reason)", stream: stream, eventID: eventID, fileID: fileID, line: line)
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let names = keys.map { key in
            if let index = key.intValue { return String(index) }
            let mirror = Mirror(reflecting: key)
            let isDeclared = mirror.displayStyle == .enum && mirror.children.isEmpty
            return isDeclared ? key.stringValue : "*"
        }
        return names.isEmpty ? "the top" : names.joined(separator: ".")
    }
}
