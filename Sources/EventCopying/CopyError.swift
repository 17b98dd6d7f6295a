public import EventSourcing

/// Why a copy could not go on.
public struct CopyError: Error, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The source could not be read.
        public static let sourceFailed = Code(description: "source_failed")
        /// The destination could not be read or written. What is there is a whole part of the source: go on later.
        public static let destinationFailed = Code(description: "destination_failed")
        /// The destination holds something that is not the beginning of the source.
        public static let destinationDiffers = Code(description: "destination_differs")
        /// The source released events all the time while it was compared with the destination.
        public static let sourceUnsettled = Code(description: "source_unsettled")

        /// ``CopyStop`` ended the comparison of source and destination.
        public static let stopped = Code(description: "stopped")

        private init(description: String) {
            self.description = description
        }
    }

    /// The kind of the error.
    public let code: Code
    /// What went wrong, in a sentence without a full stop.
    public let message: String
    /// The stream that it concerns, if any.
    public let stream: StreamID?
    /// The store's own error, if there is one.
    public let cause: EventStoreError?

    init(_ code: Code, _ message: String, stream: StreamID? = nil, cause: EventStoreError? = nil) {
        self.code = code
        self.message = message
        self.stream = stream
        self.cause = cause
    }

    static func source(_ error: EventStoreError) -> CopyError {
        CopyError(.sourceFailed, error.message, stream: error.stream, cause: error)
    }

    static func destination(_ error: EventStoreError) -> CopyError {
        CopyError(.destinationFailed, error.message, stream: error.stream, cause: error)
    }
}

extension CopyError: CustomStringConvertible {
    /// One line: the code, the message and the cause.
    public var description: String {
        "\(code): \(message)" + (cause.map { ": \($0)" } ?? "")
    }
}
