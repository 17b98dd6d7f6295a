import EventSourcing

/// A walk backward through the whole log: pieces from the last to the first, each read forward and turned around.
struct BackwardFeedCursor: Sendable {
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

    private mutating func events(of piece: LogIndex.Piece) throws(StrataError) -> [RecordedEvent] {
        let content = try reader.content(of: piece.segment)
        let bytes = Bytes(try content.read(piece.offsets.count, at: piece.offsets.lowerBound))
        decoder.use(bytes)
        var events: [RecordedEvent] = []
        var start = 0
        var first: Int?
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
                // Those at or below the position from which the walk goes back; there is no version 0.
                let last = max(0, header.firstVersion + nextPosition - header.firstPosition)
                guard
                    decoder.decode(
                        at: start, header: header, versions: 0...last, releases: reader.index, filter: filter,
                        into: &events)
                else { throw LogReader.damagedFrame(content, piece.offsets.lowerBound + start) }
            }
            start += header.frameLength
        }
        // The walk goes on below what was asked for, or it has no end.
        guard let first, first <= nextPosition else { throw LogReader.damagedFrame(content, piece.offsets.lowerBound) }
        nextPosition = first - 1
        return events
    }
}
