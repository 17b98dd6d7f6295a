#if PostgreSQL
import EventSourcing

extension EventStoreError {
    /// A call that had no effect, or whose effect does not matter: a read, or a save of a snapshot.
    init(_ error: PostgreSQLError, stream: StreamID? = nil, fileID: String = #fileID, line: Int = #line) {
        let code: Code =
            switch error.code {
            case .closed: .closed
            case .readOnlyServer: .readOnly
            case .storageFull: .storageFull
            case .unexpectedResult: .damaged
            default: .ioFailure
            }
        self.init(code, "PostgreSQL: \(error.message)", stream: stream, cause: error, fileID: fileID, line: line)
    }

    /// An append, a truncation or a deletion that failed.
    init(
        changing stream: StreamID, _ failure: PostgreSQLConnectionPool.RetryFailure, fileID: String = #fileID,
        line: Int = #line
    ) {
        guard failure.mayBeDone else {
            self.init(failure.error, stream: stream, fileID: fileID, line: line)
            return
        }
        self.init(
            .outcomeUnknown,
            "the connection was lost before the server answered; once it is back, do the same again, with the same event "
                + "ids, to learn what became of it",
            stream: stream, cause: failure.error, fileID: fileID, line: line)
    }
}
#endif
