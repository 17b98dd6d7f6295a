package import EventSourcing
import FoundationEssentials

/// What a store must hold after its life has ended, what it may, and what it must not.
package struct Expectation: Sendable {
    enum Demand: Sendable {
        /// It was acknowledged in such a way that it survives.
        case required(AppendResult)
        /// It was acknowledged, and may be lost together with everything behind it.
        case losable(AppendResult)
        /// Nobody was told what became of it.
        case open
        /// Somebody was told that it was not stored.
        case forbidden
    }

    struct Append: Sendable {
        let stream: StreamID
        let events: [NewEvent]
        let demand: Demand
    }

    private(set) var appends: [Append] = []
    /// Where each event stands in ``appends``.
    private var places: [UUID: (append: Int, index: Int)] = [:]
    /// The versions that streams had before the appends.
    var versions: [StreamID: Int] = [:]
    /// By the streams that were asked to give up events.
    var releases: [StreamID: ReleaseBounds] = [:]
    /// Where streams begin, if the store was asked for it.
    var firstVersions: [StreamID: Int] = [:]
    /// The streams that were appended to.
    var streams: Set<StreamID> { Set(appends.map(\.stream)) }
    var snapshotChanges: [History.SnapshotChange] = []
    var call = Int.max
}

extension Expectation {
    mutating func add(
        _ append: History.Append, _ answer: Result<AppendResult, EventStoreError>?, isDurable: Bool,
        _ end: History.End
    ) {
        let demand: Demand =
            switch answer {
            case nil: .open
            case .failure(let error): error.code == .outcomeUnknown ? .open : .forbidden
            case .success(let result):
                end == .processDeath || result.durability == .synced || isDurable
                    ? .required(result) : .losable(result)
            }
        for (index, event) in append.events.enumerated() { places[event.id] = (appends.count, index) }
        appends.append(Append(stream: append.stream, events: append.events, demand: demand))
    }

    /// Checks all events of a store in the order of their positions.
    ///
    /// Every acknowledged append is there once, whole, where its caller was told, and byte-equal; nothing else is there
    /// but whole appends whose callers were told nothing; versions have no gaps and positions increase. What was
    /// released is missing from the front of its stream, and nothing else is.
    package func check(_ found: [RecordedEvent]) throws(Violation) {
        let lost = try lost(from: found)
        try require(
            lost.isEmpty,
            "acknowledged positions \(lost[0].positions) are lost; the last one is \(found.last?.position ?? 0)")
    }

    /// What a damaged store has lost of what was acknowledged, where everything else about its events is right.
    ///
    /// - Parameter mayLoseReleases: whether released events may be there: the log's end is gone.
    package func lost(
        from found: [RecordedEvent], mayLoseReleases: Bool = false
    ) throws(Violation) -> [AppendResult] {
        let first = try firstVersions(of: found, mayLoseReleases)
        var foundByID: [UUID: RecordedEvent] = [:]
        for event in found {
            try require(foundByID.updateValue(event, forKey: event.id) == nil, "event \(event.id) is there twice")
        }
        let positions = Set(found.map(\.position))
        var known = 0
        var lost: [AppendResult] = []
        for append in appends {
            let stored = append.events.compactMap { foundByID[$0.id] }
            let firstVersion =
                firstVersions[append.stream] ?? first[append.stream] ?? releases[append.stream]?.allowed ?? 1
            if stored.isEmpty, case .required(let result) = append.demand, result.version >= firstVersion {
                lost.append(result)
            }
            try check(append, stored, positions, firstVersion)
            known += stored.count
        }
        try require(known == found.count, "\(found.count - known) events are there that were never appended")
        return lost
    }

    /// Checks the order of all events; returns the lowest version of each stream.
    private func firstVersions(
        of found: [RecordedEvent], _ mayLoseReleases: Bool
    ) throws(Violation) -> [StreamID: Int] {
        var first: [StreamID: Int] = [:]
        var versions = versions
        var previous: RecordedEvent?
        for event in found {
            if first[event.stream] == nil {
                first[event.stream] = event.version
            }
            if versions[event.stream] == nil {
                let status = StreamStatus(version: event.version, firstVersion: event.version)
                try releases[event.stream, default: ReleaseBounds()].check(status, mayBeLost: mayLoseReleases)
            }
            let version = versions[event.stream].map { $0 + 1 } ?? event.version
            try require(
                event.version == version,
                "position \(event.position) has version \(event.version), and version \(version) comes next")
            versions[event.stream] = version
            if let previous {
                try require(previous.position < event.position, "positions do not increase at \(event.position)")
                try require(previous.storedAt <= event.storedAt, "stored-at decreases at \(event.position)")
            }
            previous = event
        }
        return first
    }

    /// - Parameter firstVersion: the lowest version of the stream that is left.
    private func check(
        _ append: Append, _ stored: [RecordedEvent], _ positions: Set<Position>, _ firstVersion: Int
    ) throws(Violation) {
        if stored.isEmpty {
            let last = positions.max() ?? 0
            switch append.demand {
            case .losable(let result) where result.version >= firstVersion:
                // What was lost with the log's end may have given its positions to later events, and those may be released.
                try require(
                    result.firstPosition > last || positions.contains(result.firstPosition)
                        || mayBeReleased(result.firstPosition, butFrom: append),
                    "acknowledged positions \(result.positions) lack in the middle")
            case .losable, .required, .open, .forbidden: return
            }
        } else {
            // Its front may be released.
            try require(
                stored.count == append.events.count
                    || stored[0].version == firstVersion && releases[append.stream] != nil,
                "a commit is there in part: \(stored.count) events")
            try checkContents(append, stored)
            switch append.demand {
            case .required(let result), .losable(let result):
                try require(
                    stored.last?.position == result.lastPosition && stored.last?.version == result.version
                        && stored[0].position.rawValue
                            == result.firstPosition.rawValue + append.events.count - stored.count,
                    "positions \(result.positions) are not where the caller was told")
            case .open: return
            case .forbidden:
                throw Violation("position \(stored[0].position) is there, and its caller was told that it is not")
            }
        }
    }

    /// Whether a position was also given to an append of a stream that was asked to give up events.
    private func mayBeReleased(_ position: Position, butFrom lost: Append) -> Bool {
        appends.contains { append in
            guard
                let result = append.demand.result, releases[append.stream] != nil,
                append.events.first?.id != lost.events.first?.id
            else { return false }
            return (result.firstPosition...result.lastPosition).contains(position)
        }
    }

    /// Checks that an event is one that was appended, where its caller was told, and byte-equal.
    package func checkContent(of event: RecordedEvent) throws(Violation) {
        guard let (number, index) = places[event.id], appends[number].stream == event.stream
        else { throw Violation("position \(event.position) is there and was never appended") }
        let append = appends[number]
        let expected = RecordedEvent(
            append.events[index], stream: append.stream, version: event.version, position: event.position,
            storedAt: event.storedAt)
        try require(event.isSame(as: expected), "position \(event.position) is not what was appended")
        switch append.demand {
        case .required(let result), .losable(let result):
            try require(
                event.position.rawValue == result.firstPosition.rawValue + index
                    && event.version == result.version - append.events.count + 1 + index,
                "position \(event.position) is not where the caller was told")
        case .open, .forbidden: return
        }
    }

    private func checkContents(_ append: Append, _ stored: [RecordedEvent]) throws(Violation) {
        for (index, (event, recorded)) in zip(append.events.suffix(stored.count), stored).enumerated() {
            let expected = RecordedEvent(
                event, stream: append.stream, version: recorded.version, position: recorded.position,
                storedAt: recorded.storedAt)
            try require(recorded.isSame(as: expected), "position \(recorded.position) is not what was appended")
            let first = stored[0]
            try require(
                recorded.position.rawValue == first.position.rawValue + index
                    && recorded.version == first.version + index, "a commit's events do not stand together")
        }
    }

    /// The streams that a snapshot was saved of when they reached further than they do now, and that can be appended to.
    ///
    /// - Parameter statuses: what the streams are now.
    func streamsWithSnapshotsTakenBack(_ statuses: [StreamID: StreamStatus]) -> [StreamID] {
        statuses.filter { !$1.isTombstoned && wasSnapshotted(behind: $1, $0) }.map(\.key)
    }

    /// Whether a snapshot was saved of a stream when it reached further than it does now.
    func wasSnapshotted(behind status: StreamStatus, _ stream: StreamID) -> Bool {
        snapshotChanges.contains { $0.stream == stream && $0.snapshot?.version ?? 0 > status.version }
    }

    /// Checks the snapshot of a stream that a store offers.
    ///
    /// It is one that was saved, byte for byte, it is not ahead of its stream, and its deletion was not acknowledged since.
    /// Where events were released that a snapshot stood in for, there is one of an event that is left.
    ///
    /// - Parameters:
    ///   - status: what the store says of the stream.
    ///   - mayBeDeleted: whether a deletion may have been lost.
    ///   - mayBeLost: whether the snapshot that stands in for released events may have been.
    package func check(
        _ snapshot: Snapshot?, of stream: StreamID, _ status: StreamStatus, mayBeDeleted: Bool = false,
        mayBeLost: Bool = false
    ) throws(Violation) {
        if !mayBeLost, releases[stream]?.needsSnapshot(status) ?? false {
            try require(
                snapshot?.version ?? 0 >= status.firstVersion,
                "\(stream) begins at version \(status.firstVersion), and the snapshot that stood in for the events "
                    + "before it is gone; asked for was: "
                    + snapshotChanges.filter { $0.stream == stream }.map(\.description).joined(separator: ", "))
        }
        guard let snapshot else { return }
        try require(snapshot.version <= status.version, "a snapshot is ahead of its stream")
        let changes = snapshotChanges.filter { $0.stream == stream }
        // From the last deletion that somebody was told of, unless changes were under way side by side.
        let first =
            mayBeDeleted
            ? changes.startIndex
            : changes.lastIndex { change in change.snapshot == nil && change.settled.map { $0 <= call } ?? false }
                ?? changes.startIndex
        try require(
            changes[first...].contains { $0.snapshot == snapshot },
            "a snapshot of \(stream) at version \(snapshot.version) is there that was never saved, or that was deleted; asked "
                + "for was: \(changes.map(\.description).joined(separator: ", "))")
    }
}

extension Expectation.Demand {
    /// What the caller was told, if that was where its events are.
    fileprivate var result: AppendResult? {
        switch self {
        case .required(let result), .losable(let result): result
        case .open, .forbidden: nil
        }
    }
}

extension AppendResult {
    fileprivate var positions: String { "\(firstPosition) to \(lastPosition)" }
}
