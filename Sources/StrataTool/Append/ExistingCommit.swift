import EventInterchange
import EventSourcing

/// How much of a commit a store holds already.
enum ExistingCommit: Hashable, Sendable {
    /// All of it: the same events, one right behind the other, in one append or several.
    case complete(version: Int, position: Position)
    /// So many of its events.
    case partial(stored: Int)
    /// An event of that id that is not the commit's.
    case different(eventID: String)

    /// Looks a commit's events up.
    init(of commit: Commit, in store: any EventLookup) async throws(EventStoreError) {
        var stored: [RecordedEvent] = []
        for event in commit.events {
            guard let found = try await store.event(withID: event.id) else { continue }
            let expected = RecordedEvent(
                event, stream: commit.stream, version: found.version, position: found.position,
                storedAt: found.storedAt)
            guard found == expected, stored.last.map({ $0.version + 1 == found.version }) ?? true else {
                self = .different(eventID: event.id.lowercased)
                return
            }
            stored.append(found)
        }
        if let last = stored.last, stored.count == commit.events.count {
            self = .complete(version: last.version, position: last.position)
        } else {
            self = .partial(stored: stored.count)
        }
    }
}
