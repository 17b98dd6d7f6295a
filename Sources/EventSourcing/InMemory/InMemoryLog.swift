import FoundationEssentials

/// Events in the order of their positions, and where those of a stream or an aggregate type are.
///
/// The event at index i has position i + 1. Nothing is ever removed.
struct InMemoryLog: ~Copyable {
    private struct Entry {
        let index: Int
        /// How many events the append that this event begins has; 0 for its other events.
        let appendCount: Int
    }

    private(set) var events: [RecordedEvent] = []
    private var streams: [StreamID: [Int]] = [:]
    private var categories: [String: [Int]] = [:]
    private var entries: [UInt128: Entry] = [:]

    var lastPosition: Position? { events.last?.position }

    func version(of stream: StreamID) -> Int {
        streams[stream]?.count ?? 0
    }

    func event(withID id: UUID) -> RecordedEvent? {
        entries[id.bits].map { events[$0.index] }
    }

    func containsEvent(withID id: UUID) -> Bool {
        entries[id.bits] != nil
    }

    mutating func append(
        _ newEvents: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion, now: Timestamp
    ) throws(EventStoreError) -> AppendResult {
        if let taken = newEvents.first(where: { entries[$0.id.bits] != nil }) {
            guard let result = resultOfRetry(newEvents, of: stream, expecting: expected) else {
                throw .duplicate(eventID: taken.id, in: stream)
            }
            return result
        }
        let version = version(of: stream)
        guard expected.allows(version) else {
            throw .conflict(in: stream, expected: expected, actual: version)
        }
        let storedAt = max(now, events.last?.storedAt ?? now)
        let first = events.count
        for (offset, event) in newEvents.enumerated() {
            events.append(
                RecordedEvent(
                    event, stream: stream, version: version + offset + 1, position: Position(first + offset + 1),
                    storedAt: storedAt))
            entries[event.id.bits] = Entry(index: first + offset, appendCount: offset == 0 ? newEvents.count : 0)
        }
        streams[stream, default: []].append(contentsOf: first..<events.count)
        categories[stream.aggregateType, default: []].append(contentsOf: first..<events.count)
        return result(of: first..<events.count)
    }

    /// The result of the earlier append that this one repeats; nil where it repeats none.
    private func resultOfRetry(
        _ newEvents: [NewEvent], of stream: StreamID, expecting expected: ExpectedVersion
    ) -> AppendResult? {
        guard let entry = entries[newEvents[0].id.bits], entry.appendCount == newEvents.count else { return nil }
        let first = events[entry.index]
        guard first.stream == stream, expected.allows(first.version - 1) else { return nil }
        let range = entry.index..<entry.index + entry.appendCount
        for (event, index) in zip(newEvents, range) where event.id != events[index].id { return nil }
        return result(of: range)
    }

    private func result(of range: Range<Int>) -> AppendResult {
        let last = events[range.upperBound - 1]
        return AppendResult(
            version: last.version, firstPosition: events[range.lowerBound].position, lastPosition: last.position,
            durability: .volatile)
    }
}

extension InMemoryLog {
    /// What a read goes through.
    enum Source {
        case stream(StreamID)
        case category(String)
        case feed
    }

    /// Calls `body` with each event whose place in a source lies in a range, in the direction asked for.
    func forEach(in range: Range<Int>, of source: Source, _ direction: ReadDirection, _ body: (RecordedEvent) -> Void) {
        func visit(_ event: (Int) -> RecordedEvent) {
            switch direction {
            case .forward: for index in range { body(event(index)) }
            case .backward: for index in range.reversed() { body(event(index)) }
            }
        }
        switch source {
        case .stream(let stream): if let indexes = streams[stream] { visit { events[indexes[$0]] } }
        case .category(let type): if let indexes = categories[type] { visit { events[indexes[$0]] } }
        case .feed: visit { events[$0] }
        }
    }

    /// Where the versions that a query asks for are in their stream.
    func indexes(for query: StreamQuery) -> Range<Int> {
        let version = version(of: query.stream)
        let lower = max(query.from ?? 1, 1)
        let upper = min(query.to ?? version, version)
        return lower <= upper ? lower - 1..<upper : 0..<0
    }

    /// Where the positions that a query asks for are.
    func indexes(for query: FeedQuery) -> Range<Int> {
        guard let position = query.position?.rawValue else { return events.indices }
        return switch query.direction {
        case .forward: min(max(position, 0), events.count)..<events.count
        case .backward: 0..<min(max(position, 1) - 1, events.count)
        }
    }

    /// Where the instants that a query asks for are in their aggregate type.
    ///
    /// Stored-at never decreases with the position, so the order by position is the order by stored-at, too.
    func indexes(for query: CategoryQuery) -> Range<Int> {
        guard let indexes = categories[query.aggregateType] else { return 0..<0 }
        guard let from = query.from else { return indexes.indices }
        var lower = 0
        var upper = indexes.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if events[indexes[middle]].storedAt < from { lower = middle + 1 } else { upper = middle }
        }
        return lower..<indexes.count
    }
}
