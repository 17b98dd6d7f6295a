/// Why a line is no commit.
///
/// Its ``code`` tells kinds apart, its ``message`` is for people; neither ever contains payload bytes.
public struct InterchangeError: Error, Hashable, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The line is not UTF-8.
        public static let invalidUTF8 = Code(description: "invalid_utf8")
        /// The line is not one JSON value (RFC 8259), or nests too deep.
        public static let invalidJSON = Code(description: "invalid_json")
        /// The line is longer than ``LineSplitter/defaultLengthLimit``, or whatever else was set.
        public static let lineTooLong = Code(description: "line_too_long")
        /// A field that a commit or an event must have is not there.
        public static let missingField = Code(description: "missing_field")
        /// A field that this version does not know; nothing that was sent is dropped in silence.
        public static let unknownField = Code(description: "unknown_field")
        /// A field stands twice in one object.
        public static let duplicateField = Code(description: "duplicate_field")
        /// A field's value has the wrong type or is out of range.
        public static let invalidField = Code(description: "invalid_field")
        /// A value that should be a UUID is none.
        public static let invalidUUID = Code(description: "invalid_uuid")
        /// A value that should be a date and time of RFC 3339 is none.
        public static let invalidDate = Code(description: "invalid_date")
        /// A stream is not named as `TYPE/ID`, or its type breaks the rules for names.
        public static let invalidStream = Code(description: "invalid_stream")
        /// A commit without events.
        public static let emptyAppend = Code(description: "empty_append")
        /// An event id stands twice in one commit.
        public static let duplicateEventID = Code(description: "duplicate_event_id")
        /// A name, a size or a number is outside `EventLimits`.
        public static let limitExceeded = Code(description: "limit_exceeded")

        private init(description: String) {
            self.description = description
        }
    }

    /// The kind of the error.
    public let code: Code
    /// What is wrong, in a sentence without a full stop.
    public let message: String
    /// Where in the line it was seen, in bytes from its beginning, if that is known.
    public let offset: Int?

    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }
}

extension InterchangeError: CustomStringConvertible {
    /// One line: the code, the message and the place.
    public var description: String {
        "\(code): \(message)" + (offset.map { " (byte \($0))" } ?? "")
    }
}
