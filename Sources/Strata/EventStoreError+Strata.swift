import EventSourcing

extension EventStoreError {
    /// A read that failed.
    init(reading error: StrataError, fileID: String = #fileID, line: Int = #line) {
        let code: Code =
            switch error.code {
            case .damaged: .damaged
            case .closed: .closed
            default: .ioFailure
            }
        self.init(code, "reading failed", cause: error, fileID: fileID, line: line)
    }

    /// A snapshot that could not be made durable before events go.
    init(keepingSnapshot error: StrataError, fileID: String = #fileID, line: Int = #line) {
        let code: Code =
            switch error.code {
            case .damaged: .damaged
            case .closed: .closed
            case .storageFull: .storageFull
            default: .ioFailure
            }
        self.init(
            code, "the stream's snapshot could not be made durable; nothing was released", cause: error, fileID: fileID,
            line: line)
    }

    static func negativeLimit(_ limit: Int) -> EventStoreError {
        EventStoreError(.invalidArgument, "a limit is 0 or more, not \(limit)")
    }
}
