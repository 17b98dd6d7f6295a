import Logging
import Synchronization

/// Tells that snapshots cannot be used: the first time of each kind as a warning, later on for debugging only.
final class SnapshotWarnings: Sendable {
    enum Kind: String {
        case loadFailed = "snapshot not loaded, replaying all events"
        case undecodable = "snapshot does not decode, replaying all events"
        case withoutItsEvent = "snapshot is ahead of its stream, or its event was released, replaying all events"
        case saveFailed = "snapshot not stored"
    }

    private let logger: Logger
    private let given = Mutex<Set<Kind>>([])

    init(_ logger: Logger) {
        self.logger = logger
    }

    func warn(_ kind: Kind, _ stream: StreamID, _ error: EventStoreError? = nil) {
        let isFirst = given.withLock { $0.insert(kind).inserted }
        var metadata: Logger.Metadata = ["stream": "\(stream)"]
        if let error { metadata["error"] = "\(error.code): \(error.message)" }
        logger.log(level: isFirst ? .warning : .debug, "\(kind.rawValue)", metadata: metadata)
    }
}
