import EventSourcing

extension FaultyEventStore {
    func read(_ query: StreamQuery) -> EventBatches {
        if !EventLimits.isValidAggregateType(query.stream.aggregateType), fault != .takesBadNamesForMissingStreams {
            return EventBatches(failing: EventStoreError(.invalidArgument, "bad name"))
        }
        return batches(limit: query.limit, lenient: .takesNegativeLimitsForZero) { log throws(EventStoreError) in
            try self.select(query, from: log)
        }
    }

    private func select(_ query: StreamQuery, from log: FaultyLog) throws(EventStoreError) -> [RecordedEvent] {
        let failure = EventStoreError(.ioFailure, "out of range")
        var events =
            fault == .readsOtherStreamsOfTheType
            ? log.events.filter { $0.stream.aggregateType == query.stream.aggregateType }
            : log.events(
                showingReleasedFor: query.direction == .forward
                    ? .keepsReleasedEventsInStreams : .keepsReleasedEventsInStreamsBackward
            )
            .filter { log.key($0.stream) == log.key(query.stream) }
        if fault == .hidesTheLatestEventFromStreams { events.removeAll { $0.position == log.events.last?.position } }
        if fault == .failsForMissingStreams, events.isEmpty, !log.events.isEmpty { throw failure }
        var (from, to) = (query.from ?? .min, query.to ?? .max)
        switch fault {
        case .readsFromExclusively: if query.from != nil, from < .max { from = max(from, 0) + 1 }
        case .readsToExclusively: if query.to != nil, to > .min { to -= 1 }
        case .ignoresFrom: from = .min
        case .ignoresTo: to = .max
        case .ignoresFromBackward: if query.direction == .backward { from = .min }
        case .failsBehindTheEnd: if from > events.count || query.to.map({ $0 > events.count }) == true { throw failure }
        case .wrapsBehindTheEnd: if from > events.count { from = 1 }
        case .failsBelowVersionOne: if query.from.map({ $0 < 1 }) == true { throw failure }
        case .takesToBelowOneForOne: to = max(to, 1)
        case .swapsReversedRanges: if from > to { swap(&from, &to) }
        default: break
        }
        events = events.filter { $0.version >= from && $0.version <= to }
        let limit = query.limit.map { max($0, 0) }
        if fault == .failsForHugeLimits, limit == .max { throw failure }
        if fault == .limitsBeforeReversing, let limit { events = Array(events.prefix(limit)) }
        if query.direction == .backward, fault != .readsStreamsForwardAlways { events.reverse() }
        switch fault {
        case .ignoresLimitsOfStreams: return events
        case .readsOneMoreThanTheLimit:
            return Array(events.prefix(limit.map { $0 < .max && $0 > 0 ? $0 + 1 : $0 } ?? .max))
        case .takesLimitZeroForNone: return limit == 0 ? events : Array(events.prefix(limit ?? .max))
        case .ignoresLimitsBackward where query.direction == .backward: return events
        case .limitsEachBatch: return events
        case .limitsBeforeLeavingOutWhatIsReleased: return log.leavingOutReleased(events, limit: limit)
        default: return Array(events.prefix(limit ?? .max))
        }
    }

    func read(_ query: CategoryQuery) -> EventBatches {
        if !EventLimits.isValidAggregateType(query.aggregateType), fault != .takesBadNamesForMissingCategories {
            return EventBatches(failing: EventStoreError(.invalidArgument, "bad name"))
        }
        return batches(limit: query.limit, lenient: .takesNegativeLimitsForZeroInCategories) { log in
            self.select(query, from: log)
        }
    }

    private func select(_ query: CategoryQuery, from log: FaultyLog) -> [RecordedEvent] {
        let limit = query.limit.map { max($0, 0) } ?? .max
        var events = log.events(showingReleasedFor: .keepsReleasedEventsInCategories).filter { event in
            let type = event.stream.aggregateType
            switch fault {
            case .readsAllCategories: return true
            case .readsCategoriesByPrefix: return type.hasPrefix(query.aggregateType)
            default: return type == query.aggregateType
            }
        }
        switch fault {
        case .readsCategoriesBackward: events.reverse()
        case .readsOneStreamOfACategory: events = events.filter { $0.stream == events[0].stream }
        case .hidesTheLatestEventFromCategories: events = events.dropLast()
        case .limitsCategoriesBeforeTenants: events = Array(events.prefix(limit))
        case .inventsAnEventInEmptyCategories: if events.isEmpty { events = Array(log.events.prefix(1)) }
        case .givesCategoriesAnotherTime: events = events.map { $0.stored(at: .distantPast) }
        default: break
        }
        if let from = query.from {
            switch fault {
            case .readsCategoriesBehindTheInstant: events = events.filter { $0.storedAt > from }
            case .ignoresTheInstant: break
            case .readsNothingFromTheFirstInstant where from == .distantPast: events = []
            default: events = events.filter { $0.storedAt >= from }
            }
        }
        if let tenant = query.tenantID, fault != .ignoresTheTenantOfACategory,
            fault != .ignoresTheTenantFromAnInstantOn || query.from == nil
        {
            events = events.filter { $0.metadata.tenantID == tenant }
        }
        switch fault {
        case .ignoresLimitsOfCategories: return events
        case .takesLimitZeroForNoneInCategories where limit == 0: return events
        case .limitsBeforeLeavingOutWhatIsReleased: return log.leavingOutReleased(events, limit: limit)
        default: return Array(events.prefix(limit))
        }
    }
}
