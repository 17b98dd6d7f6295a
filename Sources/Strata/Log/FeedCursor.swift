import EventSourcing

/// A walk forward through the whole log, a piece of a segment at a time.
struct FeedCursor: Sendable {
    /// What one read asks for, in bytes: small enough to be in the processor's cache still when it is decoded.
    private static let pieceBytes = 256 << 10

    private let reader: LogReader
    private let filter: EventFilter
    private let tags: Set<UInt32>?
    private let earliest: Timestamp?
    /// The segment that is walked; nil where the next one is to be looked for.
    private var segment: SegmentView?
    private var offset = 0
    /// What was read of the segment, and where it begins there: one piece gives several batches.
    private var piece: (bytes: Bytes, start: Int)?
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
        tags = filter.tags
        lastPosition = reader.index.lastPosition
        nextPosition = position
    }

    /// The next events that are wanted, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        while events.isEmpty, nextPosition <= lastPosition, try findSegment(), let segment {
            guard offset < segment.end else {
                try reader.checkWhole(segment)
                leave(segment)
                continue
            }
            do throws(StrataError) {
                try readPiece(of: segment, limit: limit, into: &events)
            } catch {
                guard isCompacted(segment, error) else { throw error }
                self.segment = nil
                piece = nil
            }
        }
        if events.isEmpty {
            // The one that holds the last event is not left behind.
            try reader.checkWhole(segment)
            try reader.checkWhole(reader.index.damagedSegment(from: nextPosition))
        }
        return events.isEmpty ? nil : events
    }

    /// Makes sure that there is a segment to be walked; false behind the last one.
    private mutating func findSegment() throws(StrataError) -> Bool {
        while segment == nil {
            guard let found = reader.index.segment(covering: nextPosition) else { return false }
            guard found.mayHold(typesWithTags: tags, storedFrom: earliest) else {
                leave(found)
                guard nextPosition <= lastPosition else { return false }
                continue
            }
            do throws(StrataError) {
                offset = try walkStart(in: found)
                segment = found
            } catch {
                guard isCompacted(found, error) else { throw error }
            }
        }
        return true
    }

    private func walkStart(in segment: SegmentView) throws(StrataError) -> Int {
        let (position, earliest) = (nextPosition, earliest)
        return try reader.ask { index throws(IndexFault) in
            let start = try index.walkStart(from: position, in: segment, .verifying)
            guard let earliest else { return start }
            return max(start, try index.walkStart(storedFrom: earliest, in: segment, .verifying))
        }
    }

    /// Whether a compaction has taken a segment away: what stands in its place has the same positions.
    private func isCompacted(_ segment: SegmentView, _ error: StrataError) -> Bool {
        error.code == .notFound && reader.index.segment(segment.identity) == nil
    }

    private mutating func leave(_ segment: SegmentView) {
        nextPosition = max(nextPosition, segment.lastPosition + 1)
        self.segment = nil
        piece = nil
    }

    private mutating func readPiece(
        of segment: SegmentView, limit: Int, into events: inout [RecordedEvent]
    ) throws(StrataError) {
        let content = try reader.content(of: segment.identity)
        var length = Self.pieceBytes
        while true {
            let current: (bytes: Bytes, start: Int)
            if let piece { current = piece } else { current = try read(length, of: segment, content) }
            piece = current
            guard let needed = try walk(current, content, limit: limit, into: &events) else { return }
            piece = nil
            guard offset == current.start else { return }
            // The first frame of the piece is longer than the piece.
            guard needed > current.bytes.count, needed <= segment.end - offset else {
                throw LogReader.damagedFrame(content, offset)
            }
            length = needed
        }
    }

    private func read(
        _ length: Int, of segment: SegmentView, _ content: SegmentContent
    ) throws(StrataError) -> (bytes: Bytes, start: Int) {
        let length = min(length, segment.end - offset)
        let bytes = Bytes(try content.read(length, at: offset))
        // The file has become shorter under us.
        guard bytes.count == length else { throw LogReader.damagedFrame(content, offset + bytes.count) }
        return (bytes, offset)
    }

    /// Takes frames of a piece and moves behind them.
    ///
    /// - Returns: how long the next frame is at least, where it does not fit into what is left of the piece.
    private mutating func walk(
        _ piece: (bytes: Bytes, start: Int), _ content: SegmentContent, limit: Int,
        into events: inout [RecordedEvent]
    ) throws(StrataError) -> Int? {
        let bytes = piece.bytes
        if events.isEmpty { events.reserveCapacity(min(limit, LogReader.batchEvents)) }
        while events.count < min(limit, LogReader.batchEvents), nextPosition <= lastPosition {
            let start = offset - piece.start
            guard bytes.count - start >= Format.frameHeaderBytes else { return Format.frameHeaderBytes }
            let header = bytes.withSpan { span in
                FrameHeader(
                    decoding: span.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                    binding: content.binding)
            }
            guard let header else { throw LogReader.damagedFrame(content, offset) }
            guard bytes.count - start >= header.frameLength else { return header.frameLength }
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

extension EventFilter {
    /// The tags of the aggregate types that are wanted; nil where that cannot be told by tags.
    var tags: Set<UInt32>? {
        // Other names may be equal as text and differ in their bytes, and so in their tags.
        let ascii = aggregateTypes.flatMap { $0.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } } ? $0 : nil }
        return ascii.map { Set($0.map { FrameHeader.tag(of: $0) }) }
    }
}
