import EventSourcing

extension FaultyEventStore {
    func read(_ query: FeedQuery) -> EventBatches {
        batches(limit: query.limit, lenient: .takesNegativeLimitsForZeroInFeeds) { log throws(EventStoreError) in
            try self.select(query, from: log)
        }
    }

    private func select(_ query: FeedQuery, from log: FaultyLog) throws(EventStoreError) -> [RecordedEvent] {
        let isBackward = query.direction == .backward
        var events = log.events(
            showingReleasedFor: isBackward ? .keepsReleasedEventsInFeedsBackward : .keepsReleasedEventsInFeeds)
        switch fault {
        case .groupsTheFeedByStream:
            events.sort { ($0.stream.description, $0.version) < ($1.stream.description, $1.version) }
        case .sortsTheFeedByType: events.sort { $0.stream.aggregateType < $1.stream.aggregateType }
        case .hidesTheLatestEventFromFeeds: events = events.dropLast()
        case .showsPositionsOutOfOrder:
            if events.count % 2 == 1, events.count > 1 { events.remove(at: events.count - 2) }
        case .skipsTheFirstEventOfTheFeed: if query.position == 0 { events = Array(events.dropFirst()) }
        case .givesFeedsAnotherTime: events = events.map { $0.stored(at: .distantPast) }
        case .failsBehindTheLastPosition:
            if let position = query.position, let last = events.last?.position, position > last {
                throw EventStoreError(.ioFailure, "no such position")
            }
        case .readsNothingBackwardFromBehindTheEnd: if isBackward, query.position == Position(.max) { return [] }
        case .inventsAnEventInEmptyFeeds where events.isEmpty:
            let event = NewEvent(type: "Created", payload: Bytes("{}"))
            return [
                RecordedEvent(
                    event, stream: StreamID("Store", event.id), version: 1, position: 1, storedAt: .distantPast)
            ]
        default: break
        }
        if let position = query.position { events = events.filter { isWanted($0, from: position, isBackward) } }
        if isBackward, fault != .readsTheFeedForwardAlways { events.reverse() }
        let limit = query.limit.map { max($0, 0) } ?? .max
        if fault == .limitsBeforeFiltering { events = Array(events.prefix(limit)) }
        if fault == .givesUpWhereABatchHasNoMatch { events = Array(events.prefix(512)) }
        events = events.filter { matches($0, query) }
        switch fault {
        case .ignoresLimitsOfFeeds: return events
        case .takesLimitZeroForNoneInFeeds where limit == 0: return events
        case .limitsBeforeLeavingOutWhatIsReleased: return log.leavingOutReleased(events, limit: limit)
        default: return Array(events.prefix(limit))
        }
    }

    private func isWanted(_ event: RecordedEvent, from position: Position, _ isBackward: Bool) -> Bool {
        switch fault {
        case .resumesInclusively where !isBackward: event.position >= position
        case .resumesBackwardInclusively where isBackward: event.position <= position
        case .ignoresWhereToResume: true
        case .takesPositionZeroForTheEndBackward where isBackward && position == 0: true
        default: isBackward ? event.position < position : event.position > position
        }
    }

    private func matches(_ event: RecordedEvent, _ query: FeedQuery) -> Bool {
        var filter = query.filter
        switch fault {
        case .ignoresAggregateTypes: filter.aggregateTypes = nil
        case .ignoresEventTypes: filter.eventTypes = nil
        case .ignoresTenants: filter.tenantID = nil
        case .filtersByOneAggregateTypeOnly:
            filter.aggregateTypes = filter.aggregateTypes.map { Set($0.sorted().prefix(1)) }
        case .filtersByOneEventTypeOnly: filter.eventTypes = filter.eventTypes.map { Set($0.sorted().prefix(1)) }
        case .combinesFiltersByOr:
            let parts = [
                filter.aggregateTypes.map { EventFilter(aggregateTypes: $0) },
                filter.eventTypes.map { EventFilter(eventTypes: $0) },
                filter.tenantID.map { EventFilter(tenantID: $0) },
            ].compactMap { $0 }
            return parts.isEmpty || parts.contains { $0.matches(event) }
        case .takesEmptySetsForAll:
            if filter.eventTypes?.isEmpty == true { filter.eventTypes = nil }
            if filter.aggregateTypes?.isEmpty == true { filter.aggregateTypes = nil }
        case .filtersForwardOnly where query.direction == .backward: return true
        case .filtersFromTheBeginningOnly where query.position != nil: return true
        default: break
        }
        return filter.matches(event)
    }
}
