import EventSourcing

/// A walk forward through the whole log, a piece of a segment at a time.
struct FeedCursor: Sendable {
    /// What one read asks for, in bytes: small enough to be in the processor's cache still when it is decoded.
    static let pieceBytes = 128 << 10

    private let reader: LogReader
    /// nil where every event is wanted.
    private let filter: EventFilter?
    private let tags: Set<UInt32>?
    private let earliest: Timestamp?
    /// The segment that is walked; nil where the next one is to be looked for.
    private var segment: SegmentView?
    private var offset = 0
    /// Where in the segment the piece begins that the decoder has; nil where the next one is to be read. One piece may give
    /// several batches, and one batch may take several pieces.
    private var pieceStart: Int?
    private var nextPosition: Int
    private let lastPosition: Int
    private var decoder = EventDecoder()

    /// - Parameters:
    ///   - position: the lowest position that is wanted.
    ///   - earliest: the earliest stored-at that is wanted.
    init(_ reader: LogReader, from position: Int, storedFrom earliest: Timestamp? = nil, filter: EventFilter) {
        self.reader = reader
        self.filter = filter == .all ? nil : filter
        self.earliest = earliest
        tags = filter.tags
        lastPosition = reader.index.lastPosition
        nextPosition = position
    }

    /// The next events that are wanted, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    /// - Throws: ``StrataError/Code/damaged`` for what cannot be read, once everything before it was given.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        do throws(StrataError) {
            try fill(&events, limit: limit)
        } catch {
            // The cursor stands before what failed, which the next call meets again.
            if events.isEmpty { throw error }
        }
        return events.isEmpty ? nil : events
    }

    private mutating func fill(_ events: inout [RecordedEvent], limit: Int) throws(StrataError) {
        let enough = min(limit, LogReader.batchEvents)
        events.reserveCapacity(enough)
        var bytesLeft = LogReader.batchBytes
        while events.count < enough, bytesLeft > 0, nextPosition <= lastPosition, try findSegment(), let segment {
            guard offset < segment.end else {
                try reader.checkWhole(segment)
                leave(segment)
                continue
            }
            let start = offset
            do throws(StrataError) {
                try readPiece(of: segment, limit: limit, into: &events)
            } catch {
                guard isCompacted(segment, error) else { throw error }
                self.segment = nil
                pieceStart = nil
            }
            // A walk that lets nothing through goes on until there is something to tell.
            if !events.isEmpty { bytesLeft -= offset - start }
        }
        if events.isEmpty {
            // The one that holds the last event is not left behind.
            try reader.checkWhole(segment)
            try reader.checkWhole(reader.index.damagedSegment(from: nextPosition))
        }
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
        pieceStart = nil
    }

    private mutating func readPiece(
        of segment: SegmentView, limit: Int, into events: inout [RecordedEvent]
    ) throws(StrataError) {
        let content = try reader.content(of: segment)
        var length = Self.pieceBytes
        while true {
            let start: Int
            if let pieceStart {
                start = pieceStart
            } else {
                start = offset
                decoder.use(try read(length, of: segment, content))
                pieceStart = start
            }
            guard let needed = try walk(from: start, content, limit: limit, into: &events) else { return }
            pieceStart = nil
            guard offset == start else { return }
            // The first frame of the piece is longer than the piece.
            guard needed > decoder.bytes.count, needed <= segment.end - offset else {
                throw LogReader.damagedFrame(content, offset)
            }
            length = needed
        }
    }

    private func read(
        _ length: Int, of segment: SegmentView, _ content: SegmentContent
    ) throws(StrataError) -> Bytes {
        let length = min(length, segment.end - offset)
        let bytes = Bytes(try content.read(length, at: offset))
        // The file has become shorter under us.
        guard bytes.count == length else { throw LogReader.damagedFrame(content, offset + bytes.count) }
        return bytes
    }

    /// Takes frames of the piece and moves behind them.
    ///
    /// - Parameter pieceStart: where in the segment the piece begins.
    /// - Returns: how long the next frame is at least, where it does not fit into what is left of the piece.
    private mutating func walk(
        from pieceStart: Int, _ content: SegmentContent, limit: Int, into events: inout [RecordedEvent]
    ) throws(StrataError) -> Int? {
        let bytes = decoder.bytes
        return try bytes.withSpan { (span: RawSpan) throws(StrataError) -> Int? in
            while events.count < min(limit, LogReader.batchEvents), nextPosition <= lastPosition {
                let start = offset - pieceStart
                guard span.byteCount - start >= Format.frameHeaderBytes else { return Format.frameHeaderBytes }
                guard
                    let header = FrameHeader(
                        decoding: span.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                        binding: content.binding)
                else { throw LogReader.damagedFrame(content, offset) }
                guard span.byteCount - start >= header.frameLength else { return header.frameLength }
                if header.kind == .commit {
                    guard take(header, span, at: start, limit: limit, into: &events) else {
                        throw LogReader.damagedFrame(content, offset)
                    }
                    nextPosition = max(nextPosition, header.firstPosition + header.eventCount)
                }
                offset += header.frameLength
            }
            return nil
        }
    }

    /// Takes the events of a commit that are wanted; false where the commit is not what was written.
    private mutating func take(
        _ header: FrameHeader, _ span: RawSpan, at start: Int, limit: Int, into events: inout [RecordedEvent]
    ) -> Bool {
        guard
            header.firstPosition + header.eventCount > nextPosition,
            tags?.contains(header.aggregateTypeTag) ?? true, earliest.map({ header.storedAt >= $0 }) ?? true
        else { return true }
        let bodyStart = start + Format.frameHeaderBytes
        let count = events.count
        let firstVersion = header.firstVersion + max(0, nextPosition - header.firstPosition)
        guard
            header.verifies(body: span.extracting(bodyStart..<bodyStart + header.bodyLength)),
            decoder.decode(
                span, at: start, header: header, versions: firstVersion...Int.max, releases: reader.index,
                filter: filter, into: &events)
        else {
            events.removeLast(events.count - count)
            return false
        }
        if events.count > limit { events.removeLast(events.count - limit) }
        return true
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
