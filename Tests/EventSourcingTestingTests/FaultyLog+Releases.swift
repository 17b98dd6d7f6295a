import EventSourcing
import FoundationEssentials

extension FaultyLog {
    func status(of stream: StreamID) -> StreamStatus {
        let kept = statuses[key(stream)] ?? StreamStatus(version: 0)
        if fault == .keepsTheStatusOfATruncation, kept.firstVersion > 1 { return kept }
        return StreamStatus(
            version: version(of: stream),
            firstVersion: fault == .countsFirstVersionsFromZero ? kept.firstVersion - 1 : kept.firstVersion,
            isTruncated: kept.isTruncated, isTombstoned: kept.isTombstoned)
    }

    mutating func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        let status = status(of: stream)
        if fault != .truncatesTombstones { try checkTombstone(status, stream) }
        try checkExpectation(expected, status, stream) { log in
            _ = log.release(stream, status, before: version)
        }
        if fault != .truncatesBeforeAnyVersion {
            let whole = StreamStatus(version: status.version)
            _ = try StreamRelease.truncation(before: version).status(behind: whole, of: stream, expecting: .any)
        }
        let behind = release(stream, status, before: version)
        return fault == .returnsTheStatusBeforeATruncation ? status : behind
    }

    mutating func delete(
        _ stream: StreamID, _ mode: DeletionMode, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        let status = status(of: stream)
        if mode == .soft && fault != .truncatesTombstones || fault == .refusesSecondTombstones {
            try checkTombstone(status, stream)
        }
        if fault == .refusesDeletionsOfMissingStreams, status.version == 0 {
            throw EventStoreError(.versionConflict, "no such stream", stream: stream)
        }
        try checkExpectation(expected, status, stream) { log in
            _ = log.release(stream, status, before: status.version + 1)
        }
        let behind = release(stream, status, before: status.version + 1)
        guard mode == .tombstone, fault != .forgetsTombstones else { return behind }
        guard fault != .forgetsTombstonesOfMissingStreams || status.version > 0 else { return status.tombstoned }
        statuses[key(stream)] = status.tombstoned
        return status.tombstoned
    }

    func checkTombstone(_ status: StreamStatus, _ stream: StreamID) throws(EventStoreError) {
        guard status.isTombstoned else { return }
        throw EventStoreError(
            .streamDeleted, "deleted", stream: fault == .forgetsTheStreamOfATombstone ? nil : stream)
    }

    private mutating func checkExpectation(
        _ expected: ExpectedVersion, _ status: StreamStatus, _ stream: StreamID,
        _ releaseAnyway: (inout FaultyLog) -> Void
    ) throws(EventStoreError) {
        if fault == .ignoresExpectationsOfReleases { return }
        let isRefused: Bool =
            if fault == .refusesReleasesAtExactVersions, case .exactly = expected { true } else { false }
        guard isRefused || !expected.allows(status) else { return }
        if fault == .releasesInSpiteOfConflicts { releaseAnyway(&self) }
        throw .conflict(in: stream, expected: expected, actual: status.version)
    }

    private mutating func release(_ stream: StreamID, _ status: StreamStatus, before version: Int) -> StreamStatus {
        var bound = max(version, status.firstVersion)
        switch fault {
        case .truncatesOneMore: bound += 1
        case .truncatesOnce: if status.firstVersion > 1 { return status }
        case .keepsTheLastEvent: bound = min(bound, max(1, status.version))
        case .bringsBackByTruncations:
            bound = version
            bringBack(stream, from: version)
        default: break
        }
        let key = key(stream)
        let isReleased: (RecordedEvent) -> Bool =
            fault == .truncatesAllStreamsOfAType
            ? { $0.stream.aggregateType == stream.aggregateType && $0.version < bound }
            : { self.key($0.stream) == key && $0.version < bound }
        let gone = events.filter(isReleased)
        released += gone
        let ids = Set(gone.map(\.id))
        events.removeAll { ids.contains($0.id) }
        if fault != .comparesWholeAppendsOfRetries {
            appends = appends.map { $0.filter { !ids.contains($0.id) } }.filter { !$0.isEmpty }
        }
        if fault == .freesAllIDsOfATruncatedStream { freedIDs.formUnion(events(of: stream).map(\.id)) }
        renumber(stream)
        indexes = Dictionary(events.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let behind = StreamStatus(
            version: status.version, firstVersion: bound,
            isTruncated: fault == .takesSoftDeletionsForTruncations
                || bound <= status.version
                    && (bound > status.firstVersion || status.isTruncated),
            isTombstoned: status.isTombstoned)
        statuses[key] = behind
        return behind
    }

    private mutating func bringBack(_ stream: StreamID, from version: Int) {
        let back = released.filter { $0.stream == stream && $0.version >= version }
        released.removeAll { $0.stream == stream && $0.version >= version }
        events = (events + back).sorted { $0.position < $1.position }
    }

    private mutating func renumber(_ stream: StreamID) {
        var next = 0
        for (index, event) in events.enumerated() {
            switch fault {
            case .renumbersVersionsOfWhatRemains where event.stream == stream:
                next += 1
                events[index] = event.at(version: next, position: event.position)
            case .renumbersPositionsOfWhatRemains:
                events[index] = event.at(version: event.version, position: Position(index + 1))
            default: break
            }
        }
    }

    /// What a read goes through: what is left, and what a fault shows all the same.
    func events(showingReleasedFor fault: EventStoreFault) -> [RecordedEvent] {
        guard self.fault == fault || self.fault == .limitsBeforeLeavingOutWhatIsReleased else { return events }
        return (released + events).sorted { $0.position < $1.position }
    }

    /// Leaves out what is released, behind a limit that has counted it.
    func leavingOutReleased(_ found: [RecordedEvent], limit: Int?) -> [RecordedEvent] {
        guard fault == .limitsBeforeLeavingOutWhatIsReleased else { return found }
        let ids = Set(released.map(\.position))
        return found.prefix(limit ?? .max).filter { !ids.contains($0.position) }
    }
}

extension RecordedEvent {
    fileprivate func at(version: Int, position: Position) -> RecordedEvent {
        RecordedEvent(
            NewEvent(
                id: id, type: type, schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType,
                payload: payload, metadata: metadata),
            stream: stream, version: version, position: position, storedAt: storedAt)
    }
}
