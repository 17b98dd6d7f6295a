/// What an append, a truncation or a deletion demands of its stream: the guard of optimistic concurrency.
public enum ExpectedVersion: Hashable, Sendable {
    /// Nothing.
    case any
    /// The stream has no event that can be read: it never had one, or all were released.
    case noStream
    /// The stream has at least one event that can be read.
    case streamExists
    /// The last event that was appended has this version, released or not; 0 is a stream that never had one.
    case exactly(Int)

    /// Whether a stream fulfils the demand.
    public func allows(_ status: StreamStatus) -> Bool {
        switch self {
        case .any: true
        case .noStream: status.isEmpty
        case .streamExists: !status.isEmpty
        case .exactly(let expected): status.version == expected
        }
    }

    /// Whether an append that is stored already could have made the demand; see
    /// ``EventAppending/append(_:to:expecting:)`` on retries.
    ///
    /// - Parameters:
    ///   - firstVersion: the version of the append's first event.
    ///   - status: the stream's, with the append.
    public func allowsRetry(ofAppendAt firstVersion: Int, in status: StreamStatus) -> Bool {
        switch self {
        case .any: true
        case .noStream: firstVersion == status.firstVersion
        case .streamExists: firstVersion > 1
        case .exactly(let expected): firstVersion - 1 == expected
        }
    }
}

extension ExpectedVersion: CustomStringConvertible {
    public var description: String {
        switch self {
        case .any: "any"
        case .noStream: "no stream"
        case .streamExists: "stream exists"
        case .exactly(let version): String(version)
        }
    }
}
