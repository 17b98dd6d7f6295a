import FoundationEssentials

/// Events in the order of their positions, and where those of a stream or an aggregate type are.
///
/// The event at index i has position i + 1. A place is never removed; the event in it goes when it is released.
struct InMemoryLog: ~Copyable {
    struct Place {
        let storedAt: Timestamp
        var event: RecordedEvent?
    }

    struct Entry {
        let index: Int
        /// How many events the append that this event begins has; 0 for its other events.
        var appendCount: Int
    }

    struct Stream {
        /// Where the events are that are left, in the order of their versions.
        var indexes: ArraySlice<Int> = []
        var status = StreamStatus(version: 0)
    }

    var places: [Place] = []
    var streams: [StreamID: Stream] = [:]
    private var categories: [String: [Int]] = [:]
    var entries: [UInt128: Entry] = [:]

    var lastPosition: Position? { places.isEmpty ? nil : Position(places.count) }

    func status(of stream: StreamID) -> StreamStatus {
        streams[stream]?.status ?? StreamStatus(version: 0)
    }

    func event(withID id: UUID) -> RecordedEvent? {
        entries[id.bits].flatMap { places[$0.index].event }
    }

    func containsEvent(withID id: UUID) -> Bool {
        entries[id.bits] != nil
    }

    mutating func append(
        _ newEvents: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion, now: Timestamp
    ) throws(EventStoreError) -> AppendResult {
        let status = status(of: stream)
        if let taken = newEvents.first(where: { entries[$0.id.bits] != nil }) {
            guard let result = resultOfRetry(newEvents, of: stream, status, expecting: expected) else {
                throw .duplicate(eventID: taken.id, in: stream)
            }
            return result
        }
        try check(status, of: stream, expecting: expected)
        let storedAt = max(now, places.last?.storedAt ?? now)
        let first = places.count
        for (offset, event) in newEvents.enumerated() {
            let recorded = RecordedEvent(
                event, stream: stream, version: status.version + offset + 1, position: Position(first + offset + 1),
                storedAt: storedAt)
            places.append(Place(storedAt: storedAt, event: recorded))
            entries[event.id.bits] = Entry(index: first + offset, appendCount: offset == 0 ? newEvents.count : 0)
        }
        streams[stream, default: Stream()].indexes += first..<places.count
        streams[stream]?.status = StreamStatus(
            version: status.version + newEvents.count, firstVersion: status.firstVersion,
            isTruncated: status.isTruncated)
        categories[stream.aggregateType, default: []].append(contentsOf: first..<places.count)
        return AppendResult(
            version: status.version + newEvents.count, firstPosition: Position(first + 1),
            lastPosition: Position(places.count), durability: .volatile)
    }

    /// Goes on only where a stream can be appended to, and is as expected.
    func check(
        _ status: StreamStatus, of stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) {
        guard !status.isTombstoned else { throw .deleted(stream) }
        guard expected.allows(status) else {
            throw .conflict(in: stream, expected: expected, actual: status.version)
        }
    }

    /// The result of the earlier append that this one repeats; nil where it repeats none.
    private func resultOfRetry(
        _ newEvents: [NewEvent], of stream: StreamID, _ status: StreamStatus, expecting expected: ExpectedVersion
    ) -> AppendResult? {
        guard
            let entry = entries[newEvents[0].id.bits], entry.appendCount == newEvents.count,
            let first = places[entry.index].event, first.stream == stream,
            expected.allowsRetry(ofAppendAt: first.version, in: status)
        else { return nil }
        let range = entry.index..<entry.index + entry.appendCount
        for (event, index) in zip(newEvents, range) where event.id != places[index].event?.id { return nil }
        return AppendResult(
            version: first.version + range.count - 1, firstPosition: first.position,
            lastPosition: Position(range.upperBound), durability: .volatile)
    }
}

extension InMemoryLog {
    /// What a read goes through.
    enum Source {
        case stream(StreamID)
        case category(String)
        case feed
    }

    /// Calls `body` with each event whose place in a source lies in a range, in the direction asked for. The place of an
    /// event in its stream is its version.
    func forEach(in range: Range<Int>, of source: Source, _ direction: ReadDirection, _ body: (RecordedEvent) -> Void) {
        func visit(_ place: (Int) -> Int?) {
            func show(_ index: Int) {
                if let event = place(index).flatMap({ places[$0].event }) { body(event) }
            }
            switch direction {
            case .forward: for index in range { show(index) }
            case .backward: for index in range.reversed() { show(index) }
            }
        }
        switch source {
        case .stream(let id): if let stream = streams[id] { visit { stream.index(ofVersion: $0) } }
        case .category(let type): if let indexes = categories[type] { visit { indexes[$0] } }
        case .feed: visit { $0 }
        }
    }

    /// The versions that a query asks for.
    func indexes(for query: StreamQuery) -> Range<Int> {
        let status = status(of: query.stream)
        let lower = max(query.from ?? 1, status.firstVersion)
        let upper = min(query.to ?? status.version, status.version)
        return lower <= upper ? lower..<upper + 1 : 0..<0
    }

    /// Where the positions that a query asks for are.
    func indexes(for query: FeedQuery) -> Range<Int> {
        guard let position = query.position?.rawValue else { return places.indices }
        return switch query.direction {
        case .forward: min(max(position, 0), places.count)..<places.count
        case .backward: 0..<min(max(position, 1) - 1, places.count)
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
            if places[indexes[middle]].storedAt < from { lower = middle + 1 } else { upper = middle }
        }
        return lower..<indexes.count
    }
}

extension InMemoryLog.Stream {
    /// Where the event of a version is; nil for one that is released.
    fileprivate func index(ofVersion version: Int) -> Int? {
        let index = indexes.startIndex + version - status.firstVersion
        return indexes.indices.contains(index) ? indexes[index] : nil
    }
}
