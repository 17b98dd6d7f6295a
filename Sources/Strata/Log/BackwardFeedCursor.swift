import EventSourcing

/// A walk backward through the whole log: pieces from the last to the first, each read forward and turned around.
struct BackwardFeedCursor: Sendable {
    /// What one read asks for, in bytes: most pieces are shorter.
    private static let stepBytes = 1 << 20

    private let reader: LogReader
    private let filter: EventFilter
    private let tags: Set<UInt32>?
    private var nextPosition: Int
    /// The segment that is walked; nil where the one before is to be looked for.
    private var segment: SegmentView?
    private var decoder = EventDecoder()

    /// - Parameter position: the highest position that is wanted.
    init(_ reader: LogReader, from position: Int, filter: EventFilter) {
        self.reader = reader
        self.filter = filter
        tags = filter.tags
        nextPosition = min(position, reader.index.lastPosition)
        // Behind the last event there may be damage.
        segment = reader.index.lastSegment(beginningUpTo: position)
    }

    /// The next events that are wanted, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        while let found = segment ?? reader.index.lastSegment(beginningUpTo: nextPosition) {
            segment = found
            do throws(StrataError) {
                guard let piece = try lastPiece(of: found) else {
                    // Not there any longer, it says nothing of what stands in its place.
                    guard reader.index.segment(found.identity) != nil else {
                        segment = nil
                        continue
                    }
                    try reader.checkWhole(found)
                    nextPosition = min(nextPosition, Int(clamping: found.identity.number) - 1)
                    segment = nil
                    continue
                }
                let events = try events(of: piece)
                if !events.isEmpty { return events.suffix(limit).reversed() }
            } catch {
                // A compaction has taken the file away, and what stands in its place has the same positions.
                guard error.code == .notFound, reader.index.segment(found.identity) == nil else { throw error }
                segment = nil
            }
        }
        return nil
    }

    private func lastPiece(of segment: SegmentView) throws(StrataError) -> LogIndex.Piece? {
        guard nextPosition > 0, segment.mayHold(typesWithTags: tags, storedFrom: nil) else { return nil }
        let position = nextPosition
        return try reader.ask { index throws(IndexFault) in
            try index.lastPiece(atOrBelow: position, in: segment, .verifying)
        }
    }

    /// The events of a piece that are wanted and not above where the walk has come to, in the order of their positions.
    private mutating func events(of piece: LogIndex.Piece) throws(StrataError) -> [RecordedEvent] {
        let content = try reader.content(of: piece.segment)
        var events: [RecordedEvent] = []
        var offset = piece.offsets.lowerBound
        var length = Self.stepBytes
        var first: Int?
        while offset < piece.offsets.upperBound {
            let start = offset
            let wanted = min(length, piece.offsets.upperBound - offset)
            let bytes = Bytes(try content.read(wanted, at: offset))
            // The file has become shorter under us.
            guard bytes.count == wanted else { throw LogReader.damagedFrame(content, offset) }
            decoder.use(bytes)
            length = Self.stepBytes
            while let header = try header(at: offset, of: piece, from: start, content, needed: &length) {
                if header.kind == .commit {
                    // It would have a mark of its own; where a forger has left that out, the piece has no bound.
                    guard first == nil || offset - piece.offsets.lowerBound < WalkMark.distance else {
                        throw LogReader.damagedFrame(content, offset)
                    }
                    first = first ?? header.firstPosition
                    // Those at or below the position from which the walk goes back; there is no version 0.
                    let last = max(0, header.firstVersion + nextPosition - header.firstPosition)
                    guard
                        decoder.decode(
                            at: offset - start, header: header, versions: 0...last, releases: reader.index,
                            filter: filter, into: &events)
                    else { throw LogReader.damagedFrame(content, offset) }
                }
                offset += header.frameLength
            }
        }
        // The walk goes on below what was asked for, or it has no end.
        guard let first, first <= nextPosition else { throw LogReader.damagedFrame(content, piece.offsets.lowerBound) }
        nextPosition = first - 1
        return events
    }

    /// The header of a frame that verifies, in the bytes that the decoder has; nil at their end.
    ///
    /// - Parameters:
    ///   - start: where in the segment the bytes begin.
    ///   - needed: raised to how long the next frame is, where it does not fit into what is left of them.
    private func header(
        at offset: Int, of piece: LogIndex.Piece, from start: Int, _ content: SegmentContent, needed: inout Int
    ) throws(StrataError) -> FrameHeader? {
        try decoder.bytes.withSpan { (span: RawSpan) throws(StrataError) -> FrameHeader? in
            let rest = span.extracting(offset - start..<span.byteCount)
            let isLast = start + span.byteCount == piece.offsets.upperBound
            guard rest.byteCount >= Format.frameHeaderBytes else {
                guard rest.byteCount == 0 || !isLast else { throw LogReader.damagedFrame(content, offset) }
                return nil
            }
            guard
                let header = FrameHeader(
                    decoding: rest.extracting(0..<Format.frameHeaderBytes), at: offset, binding: content.binding)
            else { throw LogReader.damagedFrame(content, offset) }
            guard rest.byteCount >= header.frameLength else {
                guard !isLast else { throw LogReader.damagedFrame(content, offset) }
                needed = max(needed, header.frameLength)
                return nil
            }
            guard header.verifies(body: rest.extracting(Format.frameHeaderBytes..<header.frameLength)) else {
                throw LogReader.damagedFrame(content, offset)
            }
            return header
        }
    }
}
