import EventSourcing

extension StoreModel {
    func read(_ query: StreamQuery) -> [RecordedEvent] {
        let events = (streams[query.stream]?.events ?? [])
            .filter { $0.version >= query.from ?? .min && $0.version <= query.to ?? .max }
        return limited(query.direction == .forward ? events : events.reversed(), query.limit)
    }

    func read(_ query: FeedQuery) -> [RecordedEvent] {
        let isForward = query.direction == .forward
        let events = feed.filter { event in
            if let position = query.position, isForward ? event.position <= position : event.position >= position {
                return false
            }
            return query.filter.aggregateTypes?.contains(event.stream.aggregateType) ?? true
                && query.filter.eventTypes?.contains(event.type) ?? true
                && query.filter.tenantID.map { $0 == event.metadata.tenantID } ?? true
        }
        return limited(isForward ? events : events.reversed(), query.limit)
    }

    func read(_ query: CategoryQuery) -> [RecordedEvent] {
        let events = feed.filter { event in
            event.stream.aggregateType == query.aggregateType && event.storedAt >= query.from ?? .distantPast
                && query.tenantID.map { $0 == event.metadata.tenantID } ?? true
        }
        return limited(events, query.limit)
    }

    private func limited(_ events: [RecordedEvent], _ limit: Int?) -> [RecordedEvent] {
        limit.map { Array(events.prefix($0)) } ?? events
    }
}
