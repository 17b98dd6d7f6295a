import EventSourcing
import Synchronization

/// Whether a store is still open; shared by all of its parts.
final class StoreLifetime: Sendable {
    private let isClosed = Mutex(false)

    var isOver: Bool { isClosed.withLock { $0 } }

    /// - Throws: ``EventStoreError/Code/closed`` once the store is closed.
    func checkOpen() throws(EventStoreError) {
        if isOver { throw EventStoreError(.closed, "the store is closed") }
    }

    /// Has every later call fail.
    func close() {
        isClosed.withLock { $0 = true }
    }
}
