import EventSourcing
import FoundationEssentials

extension FaultyLog {
    /// The result of the append that this one repeats; nil where its ids are new.
    func resultOfRetry(
        _ newEvents: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> AppendResult? {
        guard let taken = newEvents.first(where: { isTaken($0, stream, newEvents) }) else { return nil }
        if let earlier = earlierAppend(newEvents, to: stream, expecting: expected), let last = earlier.last {
            return AppendResult(
                version: fault == .returnsTheLatestVersionToRetries ? version(of: stream) + 1 : last.version,
                firstPosition: earlier[0].position, lastPosition: last.position, durability: .volatile)
        }
        throw EventStoreError(
            .duplicateEventID, "duplicate", stream: fault == .forgetsTheStreamOfADuplicate ? nil : stream,
            eventID: fault == .forgetsTheDuplicateID
                ? nil : fault == .namesTheFirstIDAsDuplicate ? newEvents[0].id : taken.id)
    }

    private func isTaken(_ event: NewEvent, _ stream: StreamID, _ newEvents: [NewEvent]) -> Bool {
        if takenIDs.contains(event.id) { return true }
        if fault == .keepsReleasedIDsTaken, released.contains(where: { $0.id == event.id }) { return true }
        if freedIDs.contains(event.id) { return false }
        guard let index = indexes[event.id] else { return false }
        let stored = events[index]
        return switch fault {
        case .acceptsIDsOfTheSameStream: stored.stream != stream || newEvents[0].id == event.id
        case .acceptsIDsOfOtherStreams: stored.stream == stream
        case .acceptsIDsOfOtherTypes: stored.stream.aggregateType == stream.aggregateType
        case .forgetsOldIDs: index >= events.count - 100
        case .looksAtTheFirstIDOnly: newEvents[0].id == event.id
        default: true
        }
    }

    private func earlierAppend(
        _ newEvents: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) -> [RecordedEvent]? {
        let ids = newEvents.map(\.id)
        let candidates: [[RecordedEvent]] =
            switch fault {
            case .recognisesTheStreamsLatestAppendOnly: appends.last { $0.first?.stream == stream }.map { [$0] } ?? []
            case .recognisesTheStoresLatestAppendOnly: appends.suffix(1)
            case .takesEventsOfTwoAppendsForARetry: [events.filter { ids.contains($0.id) }]
            default: appends
            }
        guard
            let earlier = candidates.first(where: { repeats(ids, $0.map(\.id)) }), let first = earlier.first,
            first.stream == stream || fault == .takesOtherStreamsForARetry,
            stands(first, behind: expected)
        else { return nil }
        if fault == .comparesPayloadsOfRetries, earlier.map(\.payload) != newEvents.map(\.payload) { return nil }
        if fault == .remembersTheFormOfTheDemand, demands[first.id] != expected { return nil }
        return earlier
    }

    private func repeats(_ ids: [UUID], _ stored: [UUID]) -> Bool {
        switch fault {
        case .takesAnyOrderForARetry: Set(ids) == Set(stored)
        case .takesFirstEventsForARetry: stored.starts(with: ids)
        case .takesLastEventsForARetry: stored.suffix(ids.count).elementsEqual(ids)
        case .takesMoreEventsForARetry: Set(ids).isSuperset(of: stored)
        case .takesTheSameFirstIDForARetry: ids.first == stored.first && ids.count == stored.count
        case .takesTheSameLastIDForARetry: ids.last == stored.last && ids.count == stored.count
        default: ids == stored
        }
    }

    private func stands(_ first: RecordedEvent, behind expected: ExpectedVersion) -> Bool {
        switch (fault, expected) {
        case (.refusesRetries, _): false
        case (.refusesRetriesOfAny, .any): false
        case (.refusesRetriesBehindOtherEvents, _): first.version == 1
        case (.refusesRetriesOfNoStream, .noStream): false
        case (.refusesRetriesOfStreamExists, .streamExists): false
        case (.refusesRetriesOfVersionZero, .exactly(0)): false
        case (.refusesRetriesOfExactVersions, .exactly(1...)): false
        case (.ignoresTheDemandOfARetry, .exactly): true
        case (.ignoresTheDemandForNoStreamOfARetry, .noStream): true
        case (.ignoresTheDemandForAStreamOfARetry, .streamExists): true
        default: expected.allowsRetry(ofAppendAt: first.version, in: status(of: first.stream))
        }
    }
}
