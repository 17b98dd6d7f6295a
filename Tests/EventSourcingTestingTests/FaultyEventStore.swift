import EventSourcing
import FoundationEssentials
import Synchronization

/// A plain store with at most one fault. Without one it keeps the contract, slowly.
final class FaultyEventStore: EventStore {
    let fault: EventStoreFault?
    private let log: Mutex<FaultyLog>

    init(_ fault: EventStoreFault? = nil) {
        self.fault = fault
        log = Mutex(FaultyLog(fault: fault))
    }

    func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        if events.isEmpty, fault == .acceptsEmptyAppends || fault == .beginsStreamsByEmptyAppends {
            if fault == .beginsStreamsByEmptyAppends { log.withLock { $0.spuriousVersions[stream] = 1 } }
            throw fault == .acceptsEmptyAppends
                ? EventStoreError(.invalidArgument, "nothing to do")
                : EventStoreError(.emptyAppend, "no events")
        }
        if let failure = failureOfCheck(events, stream, expected) {
            if fault == .acceptsAnIDTwiceInAnAppend, failure.code == .duplicateEventID {
                return AppendResult(version: 1, firstPosition: 1, lastPosition: 1, durability: .volatile)
            }
            if fault == .storesWhatPrecedesInvalidEvents {
                let sound = events.prefix { (try? EventLimits.check([$0], to: stream, expecting: .any)) != nil }
                _ = log.withLock { $0.store(Array(sound), to: stream) }
            }
            throw failure
        }
        switch fault {
        case .checksBeforeItsTurn, .losesUpdates, .failsOtherwiseThanByConflict, .resolvesRacesByLosing:
            return try await appendRacing(events, to: stream, expecting: expected)
        case .showsPartsOfAppends:
            return try await appendInParts(events, to: stream, expecting: expected)
        default:
            return try log.withLock { log throws(EventStoreError) in
                try log.append(events, to: stream, expecting: expected)
            }
        }
    }

    private func appendRacing(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        var view = log.withLock { $0 }
        for _ in 1...50 { await Task.yield() }
        if fault == .losesUpdates {
            let result = try view.append(events, to: stream, expecting: expected)
            log.withLock { $0 = view }
            return result
        }
        let hasChanged = log.withLock { $0.events.count != view.events.count }
        switch fault {
        case .failsOtherwiseThanByConflict where hasChanged:
            throw EventStoreError(.ioFailure, "the database is locked")
        case .resolvesRacesByLosing where hasChanged:
            return AppendResult(version: 1, firstPosition: 1, lastPosition: 1, durability: .volatile)
        default:
            if let result = try view.resultOfRetry(events, to: stream, expecting: expected) { return result }
            try view.checkVersion(of: stream, expecting: expected)
            return log.withLock { $0.store(events, to: stream) }
        }
    }

    private func appendInParts(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        let view = log.withLock { $0 }
        if let result = try view.resultOfRetry(events, to: stream, expecting: expected) { return result }
        try view.checkVersion(of: stream, expecting: expected)
        var results: [AppendResult] = []
        for event in events {
            results.append(log.withLock { $0.store([event], to: stream) })
            for _ in 1...5 { await Task.yield() }
        }
        return AppendResult(
            version: results[results.count - 1].version, firstPosition: results[0].firstPosition,
            lastPosition: results[results.count - 1].lastPosition, durability: .volatile)
    }

    func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        let version = log.withLock { $0.version(of: stream) }
        return switch fault {
        case .countsVersionsOffByOne: version == 0 ? 0 : version - 1
        case .givesMissingStreamsAVersion: max(version, 1)
        default: version
        }
    }

    func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        log.withLock { $0.status(of: stream) }
    }

    func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try checkRelease(of: stream, expecting: expected)
        return try log.withLock { log throws(EventStoreError) in
            let status = try log.truncate(stream, before: version, expecting: expected)
            return DeletionResult(status: status, durability: .volatile)
        }
    }

    func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try checkRelease(of: stream, expecting: expected)
        return try log.withLock { log throws(EventStoreError) in
            DeletionResult(status: try log.delete(stream, mode, expecting: expected), durability: .volatile)
        }
    }

    private func checkRelease(of stream: StreamID, expecting expected: ExpectedVersion) throws(EventStoreError) {
        let name = fault == .takesBadNamesInTruncations ? StreamID("Order", stream.id) : stream
        try EventLimits.check(
            name, expecting: fault == .ignoresNegativeVersionsInTruncations ? .any : expected)
    }

    func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        let events = log.withLock { fault == .findsReleasedEvents ? $0.released + $0.events : $0.events }
        let found = events.first { $0.id == id }
        switch fault {
        case .findsNoEvents: return nil
        case .findsTheFirstEventAlways: return found == nil ? nil : events.first
        case .findsEventsOfUnknownIDs: return found ?? events.first
        case .findsEventsOfAnotherTime: return found?.stored(at: .distantPast)
        default: return found
        }
    }

    func containsEvent(withID id: UUID) async throws(EventStoreError) -> Bool {
        let (events, taken) = log.withLock { log in
            (log.events, fault == .containsReleasedEvents ? Set(log.released.map(\.id)) : log.takenIDs)
        }
        return switch fault {
        case .containsNothing: false
        case .containsEverything: true
        case .comparesHalfOfAnID: events.contains { $0.id.bits >> 64 == id.bits >> 64 }
        case .comparesTheOtherHalfOfAnID: events.contains { $0.id.bits << 64 == id.bits << 64 }
        default: events.contains { $0.id == id } || taken.contains(id)
        }
    }

    func currentPosition() async throws(EventStoreError) -> Position? {
        let (last, spurious) = log.withLock { log in
            let seen = fault == .takesBackThePosition ? log.events : log.released + log.events
            return (seen.map(\.position).max(), log.spuriousPositions)
        }
        return switch fault {
        case .givesEmptyStoresAPosition: last ?? 0
        case .givesThePositionBehindTheLast: last.map { Position($0.rawValue + 1) }
        default: last.map { Position($0.rawValue + spurious) }
        }
    }

    func snapshot() -> FaultyLog {
        log.withLock { $0 }
    }
}

extension RecordedEvent {
    func stored(at instant: Timestamp) -> RecordedEvent {
        RecordedEvent(
            NewEvent(
                id: id, type: type, schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType,
                payload: payload, metadata: metadata),
            stream: stream, version: version, position: position, storedAt: instant)
    }
}
