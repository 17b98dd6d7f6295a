import EventSourcing
import FoundationEssentials

/// What a ``FaultyEventStore`` holds, and how it appends.
struct FaultyLog {
    let fault: EventStoreFault?
    var events: [RecordedEvent] = []
    var appends: [[RecordedEvent]] = []
    var demands: [UUID: ExpectedVersion] = [:]
    var indexes: [UUID: Int] = [:]
    var takenIDs: Set<UUID> = []
    /// What was released, and ids of other events that a fault has freed with them.
    var released: [RecordedEvent] = []
    var freedIDs: Set<UUID> = []
    /// By key, as the latest release left them.
    var statuses: [String: StreamStatus] = [:]
    var spuriousVersions: [StreamID: Int] = [:]
    var spuriousPositions = 0

    init(fault: EventStoreFault?) {
        self.fault = fault
    }

    func key(_ stream: StreamID) -> String {
        switch fault {
        case .tellsStreamsApartByIdentifierOnly: stream.id.uuidString
        case .tellsStreamsApartByTypeOnly: stream.aggregateType
        default: stream.description
        }
    }

    func events(of stream: StreamID) -> [RecordedEvent] {
        let key = key(stream)
        return events.filter { self.key($0.stream) == key }
    }

    func version(of stream: StreamID) -> Int {
        if fault == .countsVersionsOfAllStreamsTogether { return events.count }
        let last = events(of: stream).last?.version ?? 0
        let kept = fault == .countsWhatRemainsAsTheVersion ? 0 : statuses[key(stream)]?.version ?? 0
        return max(last, kept) + (spuriousVersions[stream] ?? 0)
    }

    mutating func append(
        _ newEvents: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> AppendResult {
        do {
            if fault == .reportsConflictsBeforeDuplicates { try checkVersion(of: stream, expecting: expected) }
            if let result = try resultOfRetry(newEvents, to: stream, expecting: expected) {
                applyToRetry(newEvents, of: stream)
                return result
            }
            if fault == .reportsConflictsBeforeTombstones { try checkVersion(of: stream, expecting: expected) }
            try checkTombstone(status(of: stream), stream)
            try checkVersion(of: stream, expecting: expected)
        } catch {
            applyToRefusal(newEvents, to: stream, error)
            throw error
        }
        demands[newEvents[0].id] = expected
        return store(newEvents, to: stream)
    }

    private mutating func applyToRetry(_ newEvents: [NewEvent], of stream: StreamID) {
        switch fault {
        case .storesRetriesAgain: _ = store(newEvents, to: stream)
        case .storesRetriesUnderNewIDs:
            _ = store(newEvents.map { NewEvent(type: $0.type, payload: $0.payload) }, to: stream)
        case .overwritesPayloadsByRetries:
            for event in newEvents {
                guard let index = indexes[event.id] else { continue }
                let old = events[index]
                events[index] = RecordedEvent(
                    event, stream: stream, version: old.version, position: old.position, storedAt: old.storedAt)
            }
        default: break
        }
    }

    private mutating func applyToRefusal(_ newEvents: [NewEvent], to stream: StreamID, _ error: EventStoreError) {
        switch fault {
        case .storesWhatPrecedesADuplicate where error.code == .duplicateEventID:
            _ = store(newEvents.filter { indexes[$0.id] == nil }, to: stream)
        case .storesInSpiteOfConflicts where error.code == .versionConflict: _ = store(newEvents, to: stream)
        case .movesThePositionForRefusedAppends: spuriousPositions += newEvents.count
        case .takesVersionsForRefusedAppends: spuriousVersions[stream, default: 0] += newEvents.count
        case .takesIDsOfRefusedAppends: takenIDs.formUnion(newEvents.map(\.id))
        default: break
        }
    }

    func checkVersion(of stream: StreamID, expecting expected: ExpectedVersion) throws(EventStoreError) {
        let version = fault == .expectsVersionsOfAllStreamsTogether ? events.count : version(of: stream)
        let status = status(of: stream)
        let seen = StreamStatus(
            version: version, firstVersion: status.firstVersion, isTruncated: status.isTruncated)
        guard !allows(expected, seen) else { return }
        let stated: Int? =
            switch (fault, expected) {
            case (.forgetsTheActualVersion, _): nil
            case (.givesTheActualVersionOffByOne, _): version + 1
            case (.givesTheExpectedVersionAsTheActual, .exactly(let expected)): expected
            default: version
            }
        throw EventStoreError(
            .versionConflict, "conflict", stream: fault == .forgetsTheStreamOfAConflict ? nil : stream,
            expectedVersion: fault == .forgetsWhatWasExpected ? nil : expected, actualVersion: stated)
    }

    private func allows(_ expected: ExpectedVersion, _ status: StreamStatus) -> Bool {
        let version = status.version
        return switch (fault, expected) {
        case (.ignoresExpectations, _): true
        case (.refusesAnyAtNewStreams, .any): version > 0
        case (.refusesAnyAtExistingStreams, .any): version == 0
        case (.refusesNoStreamAtNewStreams, .noStream): false
        case (.ignoresNoStream, .noStream): true
        case (.ignoresStreamExists, .streamExists): true
        case (.refusesStreamExists, .streamExists): false
        case (.takesVersionZeroForAny, .exactly(0)): true
        case (.refusesVersionZero, .exactly(0)): false
        case (.refusesExactVersions, .exactly(1...)): false
        case (.allowsLowerVersions, .exactly(let expected)): expected <= version
        case (.allowsHigherVersions, .exactly(let expected)): version > 0 && expected >= version || expected == version
        case (.beginsStreamsAtAnyVersion, .exactly): version == 0 || expected.allows(status)
        case (.takesDeletedStreamsForExistingOnes, .noStream): version == 0
        case (.takesDeletedStreamsForExistingOnes, .streamExists): version > 0
        case (.takesTruncatedStreamsForMissingOnes, .noStream): version == 0 || status.firstVersion > 1
        case (.takesDeletedStreamsForNewOnes, .exactly(0)): status.isEmpty
        default: expected.allows(status)
        }
    }
}
