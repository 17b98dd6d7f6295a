public import FoundationEssentials

/// Why a store, a codec or a repository could not do what was asked.
///
/// Its ``code`` tells kinds apart, its ``message`` is for people; neither ever contains payload bytes.
public struct EventStoreError: Error, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The stream is not at the expected version; the error carries both.
        public static let versionConflict = Code(description: "version_conflict")
        /// An event id is already stored, or stands twice in one append.
        public static let duplicateEventID = Code(description: "duplicate_event_id")
        /// An append without events.
        public static let emptyAppend = Code(description: "empty_append")
        /// An argument breaks a rule or a limit (see ``EventLimits``).
        public static let invalidArgument = Code(description: "invalid_argument")
        /// An event's type is not registered; the message names it.
        public static let unregisteredEventType = Code(description: "unregistered_event_type")
        /// Two types claim one name.
        public static let duplicateEventType = Code(description: "duplicate_event_type")
        /// A value cannot be encoded.
        public static let encodingFailed = Code(description: "encoding_failed")
        /// Stored bytes do not decode as the type that they should be.
        public static let decodingFailed = Code(description: "decoding_failed")
        /// The stream has a tombstone: it can never be appended to again.
        public static let streamDeleted = Code(description: "stream_deleted")
        /// Events that an aggregate needs were released, and no snapshot stands in for them.
        public static let streamTruncated = Code(description: "stream_truncated")
        /// There is no such aggregate.
        public static let aggregateNotFound = Code(description: "aggregate_not_found")
        /// A repository without a snapshot store was asked for a snapshot, or the like.
        public static let unsupported = Code(description: "unsupported")
        /// The store is closed.
        public static let closed = Code(description: "closed")
        /// The store was opened for reading only.
        public static let readOnly = Code(description: "read_only")
        /// There is no room. Nothing was stored; try again when there is.
        public static let storageFull = Code(description: "storage_full")
        /// Reading or writing failed and nothing was stored.
        public static let ioFailure = Code(description: "io_failure")
        /// Writing failed in such a way that only reopening the store tells whether the events are there.
        public static let outcomeUnknown = Code(description: "outcome_unknown")
        /// Stored bytes are damaged.
        public static let damaged = Code(description: "damaged")

        private init(description: String) {
            self.description = description
        }
    }

    /// Where in the source the error was made.
    public struct SourceLocation: Hashable, Sendable {
        public let fileID: String
        public let line: Int
    }

    // Boxed, so that the results of functions that may throw it stay small.
    private final class Contents: Sendable {
        let code: Code
        let message: String
        let stream: StreamID?
        let eventID: UUID?
        let expectedVersion: ExpectedVersion?
        let actualVersion: Int?
        let cause: (any Error)?
        let location: SourceLocation

        init(
            code: Code, message: String, stream: StreamID?, eventID: UUID?, expectedVersion: ExpectedVersion?,
            actualVersion: Int?, cause: (any Error)?, location: SourceLocation
        ) {
            self.code = code
            self.message = message
            self.stream = stream
            self.eventID = eventID
            self.expectedVersion = expectedVersion
            self.actualVersion = actualVersion
            self.cause = cause
            self.location = location
        }
    }

    private let contents: Contents

    public init(
        _ code: Code, _ message: String, stream: StreamID? = nil, eventID: UUID? = nil,
        expectedVersion: ExpectedVersion? = nil, actualVersion: Int? = nil, cause: (any Error)? = nil,
        fileID: String = #fileID, line: Int = #line
    ) {
        contents = Contents(
            code: code, message: message, stream: stream, eventID: eventID, expectedVersion: expectedVersion,
            actualVersion: actualVersion, cause: cause, location: SourceLocation(fileID: fileID, line: line))
    }

    /// The kind of the error.
    public var code: Code { contents.code }
    /// What went wrong, in a sentence without a full stop.
    public var message: String { contents.message }
    /// The stream that it concerns, if any.
    public var stream: StreamID? { contents.stream }
    /// The event that it concerns, if any.
    public var eventID: UUID? { contents.eventID }
    /// The demand that was not met, of a conflict.
    public var expectedVersion: ExpectedVersion? { contents.expectedVersion }
    /// The stream's version in fact, of a conflict.
    public var actualVersion: Int? { contents.actualVersion }
    /// The error underneath, if any.
    public var cause: (any Error)? { contents.cause }
    /// Where in the source it was made.
    public var location: SourceLocation { contents.location }
}

extension EventStoreError {
    /// A stream is not at the expected version.
    public static func conflict(
        in stream: StreamID, expected: ExpectedVersion, actual: Int, fileID: String = #fileID, line: Int = #line
    ) -> EventStoreError {
        EventStoreError(
            .versionConflict, "expected \(expected), but the stream is at version \(actual)", stream: stream,
            expectedVersion: expected, actualVersion: actual, fileID: fileID, line: line)
    }

    /// A stream has a tombstone.
    public static func deleted(
        _ stream: StreamID, fileID: String = #fileID, line: Int = #line
    ) -> EventStoreError {
        EventStoreError(
            .streamDeleted, "the stream has a tombstone and can never be appended to again", stream: stream,
            fileID: fileID, line: line)
    }

    /// An event id is already stored, or stands twice in one append.
    public static func duplicate(
        eventID: UUID, in stream: StreamID, fileID: String = #fileID, line: Int = #line
    ) -> EventStoreError {
        EventStoreError(
            .duplicateEventID, "event id \(eventID.lowercased) is already taken", stream: stream, eventID: eventID,
            fileID: fileID, line: line)
    }
}

extension EventStoreError: CustomStringConvertible {
    /// One line: the code, the message, the stream and the cause.
    public var description: String {
        var text = "\(code): \(message)"
        if let stream { text += " (stream \(stream))" }
        if let cause { text += ": \(cause)" }
        return text
    }
}

extension EventStoreError: CustomDebugStringConvertible {
    /// A tree of the error, its details and its causes.
    public var debugDescription: String {
        var lines = ["EventStoreError: \(code)", "├ message: \(message)"]
        if let stream { lines.append("├ stream: \(stream)") }
        if let eventID { lines.append("├ event id: \(eventID.lowercased)") }
        if let expectedVersion { lines.append("├ expected version: \(expectedVersion)") }
        if let actualVersion { lines.append("├ actual version: \(actualVersion)") }
        lines.append("\(cause == nil ? "└" : "├") at: \(location.fileID):\(location.line)")
        if let cause {
            let tree = String(reflecting: cause).split(separator: "\n", omittingEmptySubsequences: false)
            lines.append("└ cause: " + tree.joined(separator: "\n  "))
        }
        return lines.joined(separator: "\n")
    }
}
