import EventSourcing

/// What is read, and where it ends.
enum EventSource: Hashable, Sendable {
    case stream(StreamQuery)
    case category(CategoryQuery)
    /// The feed up to a position, inclusive.
    case feed(FeedQuery, until: Position?)

    func batches(of store: any EventStore) -> EventBatches {
        switch self {
        case .stream(let query): store.read(query)
        case .category(let query): store.read(query)
        case .feed(let query, _): store.read(query)
        }
    }

    /// Whether an event still belongs to it; the first that does not ends it.
    func includes(_ event: RecordedEvent) -> Bool {
        guard case .feed(let query, let end?) = self else { return true }
        return query.direction == .forward ? event.position <= end : event.position >= end
    }
}
