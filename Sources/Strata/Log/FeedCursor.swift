import EventSourcing

/// A walk forward through the whole log, a piece of a segment at a time.
struct FeedCursor: Sendable {
    private let reader: LogReader
    private let filter: EventFilter
    private let tags: Set<UInt32>?
    private let earliest: Timestamp?
    private var ordinal: Int
    private var offset: Int
    private var nextPosition: Int
    private let lastPosition: Int
    private var decoder = EventDecoder()

    /// - Parameters:
    ///   - position: the lowest position that is wanted.
    ///   - earliest: the earliest stored-at that is wanted.
    init(_ reader: LogReader, from position: Int, storedFrom earliest: Timestamp? = nil, filter: EventFilter) {
        self.reader = reader
        self.filter = filter
        self.earliest = earliest
        // Other names may be equal as text and differ in their bytes, and so in their tags.
        let ascii = filter.aggregateTypes.flatMap { $0.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } } ? $0 : nil }
        tags = ascii.map { Set($0.map { FrameHeader.tag(of: $0) }) }
        lastPosition = reader.index.lastPosition
        nextPosition = position
        let start =
            if let earliest { reader.index.walkStart(storedFrom: earliest) } else {
                reader.index.walkStart(from: position)
            }
        // Behind the last event there may be damage.
        (ordinal, offset) = start ?? (max(0, reader.index.segmentCount(upTo: .max) - 1), .max)
    }

    /// The next events that are wanted, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        while events.isEmpty, nextPosition <= lastPosition {
            guard let segment = reader.index.segment(ordinal) else { break }
            guard offset < segment.end else {
                try reader.checkWhole(segments: ordinal..<ordinal + 1)
                ordinal += 1
                offset = Format.segmentHeaderBytes
                continue
            }
            try readPiece(of: segment, limit: limit, into: &events)
        }
        if events.isEmpty { try reader.checkWhole(segments: ordinal..<Int.max) }
        return events.isEmpty ? nil : events
    }

    private mutating func readPiece(
        of segment: LogIndex.Segment, limit: Int, into events: inout [RecordedEvent]
    ) throws(StrataError) {
        let content = try reader.content(of: segment.identity)
        var length = min(LogReader.batchBytes, segment.end - offset)
        while true {
            let bytes = Bytes(try content.read(length, at: offset))
            // The file has become shorter under us.
            guard bytes.count == length else { throw LogReader.damagedFrame(content, offset + bytes.count) }
            let needed = try walk(bytes, content, limit: limit, into: &events)
            guard let needed else { return }
            // The first frame of the piece is longer than the piece.
            guard needed > length, needed <= segment.end - offset else { throw LogReader.damagedFrame(content, offset) }
            length = needed
        }
    }

    /// Takes the frames of a piece and moves behind them.
    ///
    /// - Returns: the length of the first frame where it does not fit into the piece.
    private mutating func walk(
        _ bytes: Bytes, _ content: SegmentContent, limit: Int, into events: inout [RecordedEvent]
    ) throws(StrataError) -> Int? {
        let pieceStart = offset
        while events.count < min(limit, LogReader.batchEvents), nextPosition <= lastPosition {
            let start = offset - pieceStart
            guard start < bytes.count else { return nil }
            guard bytes.count - start >= Format.frameHeaderBytes else {
                return start == 0 ? Format.frameHeaderBytes : nil
            }
            let header = bytes.withSpan { span in
                FrameHeader(
                    decoding: span.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                    binding: content.binding)
            }
            guard let header else { throw LogReader.damagedFrame(content, offset) }
            guard bytes.count - start >= header.frameLength else { return start == 0 ? header.frameLength : nil }
            if header.kind == .commit { try take(header, bytes, start, content, limit: limit, into: &events) }
            offset += header.frameLength
        }
        return nil
    }

    private mutating func take(
        _ header: FrameHeader, _ bytes: Bytes, _ start: Int, _ content: SegmentContent, limit: Int,
        into events: inout [RecordedEvent]
    ) throws(StrataError) {
        let end = header.firstPosition + header.eventCount
        defer { nextPosition = max(nextPosition, end) }
        guard end > nextPosition, tags?.contains(header.aggregateTypeTag) ?? true else { return }
        if let earliest, header.storedAt < earliest { return }
        let bodyStart = start + Format.frameHeaderBytes
        let verifies = bytes.withSpan { span in
            header.verifies(body: span.extracting(bodyStart..<bodyStart + header.bodyLength))
        }
        let (first, filter) = (nextPosition, filter)
        guard
            verifies,
            decoder.decode(
                bytes, at: start, header: header, firstLiveVersion: reader.index.firstLiveVersion, into: &events,
                where: { $0.position.rawValue >= first && filter.matches($0) })
        else { throw LogReader.damagedFrame(content, offset) }
        if events.count > limit { events.removeLast(events.count - limit) }
    }
}

/// A walk backward through the whole log: pieces from the last to the first, each read forward and turned around.
struct BackwardFeedCursor: Sendable {
    private let reader: LogReader
    private let filter: EventFilter
    private var nextPosition: Int
    /// How many segments, from the first on, have not been left behind.
    private var segmentCount: Int
    private var decoder = EventDecoder()

    /// - Parameter position: the highest position that is wanted.
    init(_ reader: LogReader, from position: Int, filter: EventFilter) {
        self.reader = reader
        self.filter = filter
        nextPosition = min(position, reader.index.lastPosition)
        segmentCount = reader.index.segmentCount(upTo: position)
    }

    /// The next events that are wanted, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        while nextPosition > 0, let piece = reader.index.lastPiece(atOrBelow: nextPosition) {
            try reader.checkWhole(segments: piece.ordinal + 1..<max(piece.ordinal + 1, segmentCount))
            segmentCount = piece.ordinal + 1
            let events = try events(of: piece)
            if !events.isEmpty { return events.suffix(limit).reversed() }
        }
        try reader.checkWhole(segments: 0..<segmentCount)
        return nil
    }

    private mutating func events(of piece: LogIndex.Piece) throws(StrataError) -> [RecordedEvent] {
        let content = try reader.content(of: piece.segment)
        let bytes = Bytes(try content.read(piece.offsets.count, at: piece.offsets.lowerBound))
        var events: [RecordedEvent] = []
        var start = 0
        var first: Int?
        let (last, filter) = (nextPosition, filter)
        while start < piece.offsets.count {
            let header: FrameHeader? = bytes.withSpan { span in
                guard
                    span.byteCount - start >= Format.frameHeaderBytes,
                    let header = FrameHeader(
                        decoding: span.extracting(start..<start + Format.frameHeaderBytes),
                        at: piece.offsets.lowerBound + start, binding: content.binding),
                    span.byteCount - start >= header.frameLength
                else { return nil }
                let body = span.extracting(start + Format.frameHeaderBytes..<start + header.frameLength)
                return header.verifies(body: body) ? header : nil
            }
            guard let header else { throw LogReader.damagedFrame(content, piece.offsets.lowerBound + start) }
            if header.kind == .commit {
                first = first ?? header.firstPosition
                guard
                    decoder.decode(
                        bytes, at: start, header: header, firstLiveVersion: reader.index.firstLiveVersion,
                        into: &events,
                        where: { $0.position.rawValue <= last && filter.matches($0) })
                else { throw LogReader.damagedFrame(content, piece.offsets.lowerBound + start) }
            }
            start += header.frameLength
        }
        nextPosition = (first ?? 1) - 1
        return events
    }
}
