#if JetStream
/// Why JetStream could not be reached, set up, read or written.
///
/// Its ``code`` tells kinds apart; its ``message`` is for people, says what to do, and never contains payload bytes.
/// The stores throw `EventStoreError` with this error as its cause.
public struct JetStreamError: Error, Sendable {
    /// Kinds of errors. More may come; handle the rest in a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// No server answers at any of the addresses.
        public static let unreachable = Code(description: "unreachable")
        /// The connection was lost, and could not be made again in time.
        public static let disconnected = Code(description: "disconnected")
        /// The server does not accept the credentials.
        public static let authenticationFailed = Code(description: "authentication_failed")
        /// The credentials are good, but not for what was tried.
        public static let notPermitted = Code(description: "not_permitted")
        /// TLS failed: a certificate, or one side demands it and the other does not.
        public static let tlsFailed = Code(description: "tls_failed")
        /// The server or the account has no JetStream.
        public static let jetStreamDisabled = Code(description: "jetstream_disabled")
        /// There is no such store on the server.
        public static let notFound = Code(description: "not_found")
        /// The store on the server is not set up as the options demand.
        public static let configurationMismatch = Code(description: "configuration_mismatch")
        /// The store was made by a newer version of this library.
        public static let unsupportedFormat = Code(description: "unsupported_format")
        /// A server has no room left, or a limit of the account or of the stream is reached.
        public static let storageFull = Code(description: "storage_full")
        /// Too few servers are up to make the number of replicas, or to elect a leader.
        public static let noQuorum = Code(description: "no_quorum")
        /// No answer came in time.
        public static let timedOut = Code(description: "timed_out")
        /// An option breaks a rule.
        public static let invalidArgument = Code(description: "invalid_argument")
        /// What is stored is not what this library stores.
        public static let damaged = Code(description: "damaged")
        /// The store is closed.
        public static let closed = Code(description: "closed")
        /// The server refused for another reason, which the message gives.
        public static let refused = Code(description: "refused")

        private init(description: String) {
            self.description = description
        }
    }

    // Boxed, so that the results of functions that may throw it stay small.
    private final class Contents: Sendable {
        let code: Code
        let message: String
        let serverCode: Int?
        let location: String

        init(code: Code, message: String, serverCode: Int?, location: String) {
            self.code = code
            self.message = message
            self.serverCode = serverCode
            self.location = location
        }
    }

    private let contents: Contents

    init(_ code: Code, _ message: String, serverCode: Int? = nil, fileID: String = #fileID, line: Int = #line) {
        contents = Contents(code: code, message: message, serverCode: serverCode, location: "\(fileID):\(line)")
    }

    /// The kind of the error.
    public var code: Code { contents.code }
    /// What went wrong and what to do, in a sentence without a full stop.
    public var message: String { contents.message }
    /// JetStream's own error code (`err_code`), if a server sent one.
    public var serverCode: Int? { contents.serverCode }
    /// Where in the source the error was made, as `Module/File.swift:line`.
    public var location: String { contents.location }
}

extension JetStreamError {
    /// Whether trying again can help.
    var isTransient: Bool { [.disconnected, .noQuorum, .timedOut].contains(code) }
}

extension JetStreamError: CustomStringConvertible {
    /// One line: the code, the message and the server's code.
    public var description: String {
        "\(code): \(message)\(serverCode.map { " (JetStream error \($0))" } ?? "")"
    }
}

extension JetStreamError: CustomDebugStringConvertible {
    /// A tree of the error and its details.
    public var debugDescription: String {
        var lines = ["JetStreamError: \(code)", "├ message: \(message)"]
        if let serverCode { lines.append("├ JetStream error: \(serverCode)") }
        lines.append("└ at: \(location)")
        return lines.joined(separator: "\n")
    }
}
#endif
