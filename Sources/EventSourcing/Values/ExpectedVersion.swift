/// What an append demands of its stream: the guard of optimistic concurrency.
public enum ExpectedVersion: Hashable, Sendable {
    /// Nothing.
    case any
    /// The stream has no events.
    case noStream
    /// The stream has at least one event.
    case streamExists
    /// The stream's last event has this version; 0 is a stream without events.
    case exactly(Int)

    /// Whether a stream at a version fulfils the demand.
    public func allows(_ version: Int) -> Bool {
        switch self {
        case .any: true
        case .noStream: version == 0
        case .streamExists: version > 0
        case .exactly(let expected): version == expected
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
