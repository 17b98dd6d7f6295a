import EventSourcing

/// A walk through one stream, forward or backward.
struct StreamCursor: Sendable {
    private let reader: LogReader
    private let stream: StreamID
    private let direction: ReadDirection
    /// What was asked for; nil once it is known which versions that are.
    private var query: StreamQuery?
    /// The versions that are still to be read.
    private var versions: ClosedRange<Int>?
    /// How many events the next batch of a walk backward has.
    private var backwardEvents = LogReader.batchEvents
    private var decoder = EventDecoder()

    /// - Throws: ``EventStoreError/Code/invalidArgument`` for a negative limit or a bad name.
    init(_ reader: LogReader, _ query: StreamQuery) throws(EventStoreError) {
        try EventLimits.check(query.stream)
        if let limit = query.limit, limit < 0 { throw .negativeLimit(limit) }
        self.reader = reader
        stream = query.stream
        direction = query.direction
        self.query = query
    }

    private static func versions(of query: StreamQuery, _ status: StreamStatus) -> ClosedRange<Int>? {
        let from = max(status.firstVersion, query.from ?? 1)
        let to = min(query.to ?? status.version, status.version)
        guard from <= to, query.limit != 0 else { return nil }
        let count = min(query.limit ?? .max, to - from + 1)
        return query.direction == .forward ? from...(from + count - 1) : (to - count + 1)...to
    }

    /// Whether it is known that no event follows.
    var isAtEnd: Bool { query == nil && versions == nil }

    /// The next events; nil at the end. May block.
    mutating func next() throws(StrataError) -> [RecordedEvent]? {
        if let query {
            let status = try reader.ask { index throws(IndexFault) in try index.status(of: stream, .verifying) }
            versions = Self.versions(of: query, status)
            self.query = nil
        }
        // What a batch held may have been released meanwhile, and what follows may be live.
        while let versions = liveVersions() {
            let events = try direction == .forward ? nextAscending(of: versions) : nextDescending(of: versions)
            if !events.isEmpty { return events }
        }
        versions = nil
        return nil
    }

    private mutating func nextAscending(of versions: ClosedRange<Int>) throws(StrataError) -> [RecordedEvent] {
        let part = versions.lowerBound...min(versions.upperBound, versions.lowerBound + LogReader.batchEvents - 1)
        let events = try reader.events(of: stream, versions: part, decoder: &decoder)
        guard let last = events.last?.version else { return [] }
        self.versions = last < versions.upperBound ? last + 1...versions.upperBound : nil
        return events
    }

    private mutating func nextDescending(of versions: ClosedRange<Int>) throws(StrataError) -> [RecordedEvent] {
        while true {
            let part = max(versions.lowerBound, versions.upperBound - backwardEvents + 1)...versions.upperBound
            let events = try reader.events(of: stream, versions: part, decoder: &decoder)
            // What stands here was released meanwhile.
            guard events.first?.version == part.lowerBound, let last = events.last?.version else { return [] }
            // A batch ends before the part does where that is too large: then so many fit, unless fewer are left.
            guard last == part.upperBound else {
                backwardEvents = min(events.count, part.count - events.count)
                continue
            }
            backwardEvents = min(2 * events.count, LogReader.batchEvents)
            self.versions = versions.lowerBound < part.lowerBound ? versions.lowerBound...part.lowerBound - 1 : nil
            return events.reversed()
        }
    }

    /// The versions that are still to be read and were not released meanwhile.
    private func liveVersions() -> ClosedRange<Int>? {
        guard let versions else { return nil }
        let first = max(versions.lowerBound, reader.index.firstLiveVersion(of: stream))
        return first <= versions.upperBound ? first...versions.upperBound : nil
    }
}
