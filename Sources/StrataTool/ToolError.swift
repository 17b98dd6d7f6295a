import EventSourcing
import Strata

/// What ends the tool: one line for people and an exit code for scripts.
struct ToolError: Error, Sendable {
    let status: ExitStatus
    /// One line, without the tool's name.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

extension ToolError {
    /// A failure of the engine, at a path that the user named.
    init(_ error: StrataError, at path: String) {
        var message = "\(error.path ?? path): \(error.message)"
        if error.code == .locked, let holder = error.lockHolder, !error.message.contains(String(holder)) {
            message += " (process \(holder))"
        }
        if let offset = error.offset { message += " (offset \(offset))" }
        self.init(ExitStatus(error.code), message)
    }

    /// A failure of one of the stores, at a path that the user named.
    init(_ error: EventStoreError, at path: String) {
        if let cause = error.cause as? StrataError {
            self.init(cause, at: path)
        } else {
            self.init(ExitStatus(error.code), "\(path): \(error.message)")
        }
    }
}

extension ExitStatus {
    init(_ code: StrataError.Code) {
        switch code {
        case .damaged: self = .found
        case .invalidArgument: self = .usage
        case .notAStore, .unsupportedFormat: self = .badData
        case .cannotCreate: self = .cannotCreate
        case .locked: self = .locked
        case .permissionDenied, .readOnly: self = .notPermitted
        default: self = .ioFailure
        }
    }

    init(_ code: EventStoreError.Code) {
        switch code {
        case .versionConflict, .duplicateEventID, .streamDeleted, .damaged: self = .found
        case .invalidArgument, .emptyAppend: self = .badData
        case .readOnly: self = .notPermitted
        default: self = .ioFailure
        }
    }
}
