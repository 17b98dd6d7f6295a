#if JetStream
import Logging
import Synchronization

/// What libnats reports of a connection, on threads of its own.
final class ConnectionEvents: Sendable {
    private enum Status {
        case connected
        case reconnecting
        case closed(reason: String?)
    }

    let router = ReplyRouter()
    private let status = Mutex(Status.connected)
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Why nothing can be sent now; nil where it can.
    var unavailable: RequestFailure? {
        switch status.withLock({ $0 }) {
        case .connected: nil
        case .reconnecting: .notSent("the connection is lost and not made again yet")
        case .closed(nil): .closed
        case .closed(let reason?): .refused(reason)
        }
    }

    func close() {
        status.withLock { $0 = .closed(reason: nil) }
        router.failAll(.disconnected)
    }

    func disconnected() {
        let isNew = status.withLock { status in
            guard case .connected = status else { return false }
            status = .reconnecting
            return true
        }
        if isNew { logger.warning("the connection to NATS is lost; it is made again as soon as a server answers") }
        router.failAll(.disconnected)
    }

    func reconnected() {
        status.withLock { status in
            if case .reconnecting = status { status = .connected }
        }
        logger.info("connected to NATS again")
    }

    /// libnats has given up on the connection, or was told to close it.
    func closed(reason: String) {
        let isNew = status.withLock { status in
            if case .closed = status { return false }
            status = .closed(reason: reason)
            return true
        }
        if isNew { logger.error("NATS has ended the connection", metadata: ["reason": "\(reason)"]) }
        router.failAll(.disconnected)
    }

    func failed(_ reason: String) {
        logger.debug("libnats reports an error", metadata: ["error": "\(reason)"])
    }
}
#endif
