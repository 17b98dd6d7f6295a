#if JetStream
import EventSourcing

extension EventStoreError {
    /// A call that failed without having stored anything.
    init(
        _ what: String, _ error: JetStreamError, stream: StreamID? = nil, fileID: String = #fileID, line: Int = #line
    ) {
        let code: Code =
            switch error.code {
            case .damaged: .damaged
            case .closed: .closed
            case .storageFull: .storageFull
            case .invalidArgument: .invalidArgument
            default: .ioFailure
            }
        self.init(code, what, stream: stream, cause: error, fileID: fileID, line: line)
    }

    static func negativeLimit(_ limit: Int) -> EventStoreError {
        EventStoreError(.invalidArgument, "a limit is 0 or more, not \(limit)")
    }
}
#endif
