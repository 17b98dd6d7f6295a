import EventSourcing
import Synchronization

/// Where each aggregate's latest snapshot is.
final class SnapshotIndex: Sendable {
    struct Entry: Hashable, Sendable {
        let segment: UInt64
        let offset: Int
        let frameLength: Int
        let version: Int
        let schemaVersion: Int
        let createdAt: Timestamp
        let contentType: ContentType
        let stateLength: Int
    }

    private let entries = Mutex<[StreamID: Entry]>([:])

    subscript(stream: StreamID) -> Entry? {
        get { entries.withLock { $0[stream] } }
        set { entries.withLock { $0[stream] = newValue } }
    }

    var count: Int { entries.withLock { $0.count } }

    func replaceAll(by other: SnapshotIndex) {
        let all = other.all
        entries.withLock { $0 = all }
    }

    func removeAll() {
        entries.withLock { $0 = [:] }
    }

    /// All entries as they are now.
    var all: [StreamID: Entry] { entries.withLock { $0 } }

    /// Whether a snapshot would take the place of the one that is kept.
    func accepts(_ snapshot: Snapshot) -> Bool {
        guard let kept = self[snapshot.stream] else { return true }
        return kept.schemaVersion != snapshot.schemaVersion || kept.version <= snapshot.version
    }
}
