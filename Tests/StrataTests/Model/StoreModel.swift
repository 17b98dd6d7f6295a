import EventSourcing
import Foundation

/// What a store is to hold, in plain arrays and dictionaries: written from the contract, and sharing no rule with any
/// store.
struct StoreModel {
    struct Stream {
        var version = 0
        /// The versions of the events that are left.
        var events: [RecordedEvent] = []
        var isTruncated = false
        var isTombstoned = false
    }

    /// The answer to a change: its result, or the code of its error.
    enum Answer<Value: Equatable>: Equatable {
        case done(Value)
        case failed(EventStoreError.Code)
    }

    struct Appended: Equatable {
        let version: Int
        let firstPosition: Int
        let lastPosition: Int
    }

    private(set) var streams: [StreamID: Stream] = [:]
    /// By position, ascending.
    private(set) var feed: [RecordedEvent] = []
    /// The events of each append that are left.
    private var appends: [[RecordedEvent]] = []
    private var appendsByID: [UUID: Int] = [:]
    var snapshots: [StreamID: Snapshot] = [:]
    private(set) var lastPosition = 0

    /// Decides about an append.
    ///
    /// - Returns: the answer, and whether the events are stored by it.
    func decide(
        _ events: [NewEvent], to stream: StreamID, _ expected: ExpectedVersion
    ) -> (answer: Answer<Appended>, isStored: Bool) {
        let known = streams[stream] ?? Stream()
        if events.contains(where: { appendsByID[$0.id] != nil }) {
            return (retry(events, of: stream, known, expected).map { .done($0) } ?? .failed(.duplicateEventID), false)
        }
        if known.isTombstoned { return (.failed(.streamDeleted), false) }
        guard isMet(expected, by: known) else { return (.failed(.versionConflict), false) }
        let result = Appended(
            version: known.version + events.count, firstPosition: lastPosition + 1,
            lastPosition: lastPosition + events.count)
        return (.done(result), true)
    }

    private func retry(
        _ events: [NewEvent], of stream: StreamID, _ known: Stream, _ expected: ExpectedVersion
    ) -> Appended? {
        guard let index = appendsByID[events[0].id], appends[index].map(\.id) == events.map(\.id) else { return nil }
        guard let first = appends[index].first, let last = appends[index].last, first.stream == stream else {
            return nil
        }
        let isAllowed =
            switch expected {
            case .any: true
            case .noStream: first.id == known.events.first?.id
            case .streamExists: first.version > 1
            case .exactly(let version): first.version == version + 1
            }
        guard isAllowed else { return nil }
        return Appended(
            version: last.version, firstPosition: first.position.rawValue, lastPosition: last.position.rawValue)
    }

    private func isMet(_ expected: ExpectedVersion, by known: Stream) -> Bool {
        switch expected {
        case .any: true
        case .noStream: known.events.isEmpty
        case .streamExists: !known.events.isEmpty
        case .exactly(let version): known.version == version
        }
    }

    /// Takes in what an append stored.
    mutating func store(_ events: [RecordedEvent]) {
        guard let last = events.last else { return }
        streams[last.stream, default: Stream()].version = last.version
        streams[last.stream, default: Stream()].events += events
        feed += events
        lastPosition = last.position.rawValue
        for event in events { appendsByID[event.id] = appends.count }
        appends.append(events)
    }

    /// Releases the events of a stream before a version; nil for all of them.
    mutating func truncate(
        _ stream: StreamID, before version: Int?, _ expected: ExpectedVersion
    ) -> Answer<StreamStatus> {
        let known = streams[stream] ?? Stream()
        if known.isTombstoned { return .failed(.streamDeleted) }
        guard isMet(expected, by: known) else { return .failed(.versionConflict) }
        let bound = version ?? known.version + 1
        guard (1...known.version + 1).contains(bound) else { return .failed(.invalidArgument) }
        release(stream, before: bound)
        return .done(status(of: stream))
    }

    mutating func tombstone(_ stream: StreamID, _ expected: ExpectedVersion) -> Answer<StreamStatus> {
        let known = streams[stream] ?? Stream()
        guard isMet(expected, by: known) else { return .failed(.versionConflict) }
        release(stream, before: known.version + 1)
        streams[stream, default: Stream()].isTombstoned = true
        return .done(status(of: stream))
    }

    private mutating func release(_ stream: StreamID, before version: Int) {
        guard let known = streams[stream] else { return }
        let gone = known.events.filter { $0.version < version }
        guard !gone.isEmpty else { return }
        let left = Array(known.events.dropFirst(gone.count))
        streams[stream]?.events = left
        streams[stream]?.isTruncated = !left.isEmpty
        let positions = Set(gone.map(\.position))
        feed.removeAll { positions.contains($0.position) }
        for event in gone {
            guard let index = appendsByID.removeValue(forKey: event.id) else { continue }
            appends[index].removeAll { $0.id == event.id }
        }
    }

    func status(of stream: StreamID) -> StreamStatus {
        let known = streams[stream] ?? Stream()
        return StreamStatus(
            version: known.version, firstVersion: known.events.first?.version ?? known.version + 1,
            isTruncated: known.isTruncated, isTombstoned: known.isTombstoned)
    }

    func event(withID id: UUID) -> RecordedEvent? {
        appendsByID[id].flatMap { index in appends[index].first { $0.id == id } }
    }
}
