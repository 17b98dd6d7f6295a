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
        guard let versions = liveVersions() else { return nil }
        switch direction {
        case .forward:
            let part = versions.lowerBound...min(versions.upperBound, versions.lowerBound + LogReader.batchEvents - 1)
            let events = try reader.events(of: stream, versions: part, decoder: &decoder)
            guard let last = events.last?.version else { return end() }
            self.versions = last < versions.upperBound ? last + 1...versions.upperBound : nil
            return events
        case .backward:
            let part = max(versions.lowerBound, versions.upperBound - LogReader.batchEvents + 1)...versions.upperBound
            var events: [RecordedEvent] = []
            // A batch may end before the part does, because of its size in bytes.
            while (events.last?.version ?? part.lowerBound - 1) < part.upperBound {
                let from = (events.last?.version ?? part.lowerBound - 1) + 1
                let more = try reader.events(of: stream, versions: from...part.upperBound, decoder: &decoder)
                if more.isEmpty { return end() }
                events += more
            }
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

    private mutating func end() -> [RecordedEvent]? {
        versions = nil
        return nil
    }
}
