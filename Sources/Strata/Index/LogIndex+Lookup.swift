import EventSourcing
import Synchronization

extension LogIndex {
    /// What an append must know of what is stored already.
    struct AppendLookup {
        let status: StreamStatus
        /// Frames that may hold one of the ids.
        let candidates: [Location]
    }

    /// Looks up a stream's status and the frames that may hold event ids.
    func lookUp(_ stream: StreamID, eventIDs ids: [UInt128]) -> AppendLookup {
        state.withLock { state in
            var candidates: [Location] = []
            for id in ids { state.eventIDs.collectCandidates(for: id, into: &candidates) }
            return AppendLookup(status: state.status(of: stream), candidates: candidates)
        }
    }

    func version(of stream: StreamID) -> Int {
        status(of: stream).version
    }

    func candidates(forEventID id: UInt128) -> [Location] {
        state.withLock { $0.eventIDs.candidates(for: id) }
    }

    /// The frames of a range of versions, one for each version; shorter where the stream ends.
    func locations(of stream: StreamID, versions: ClosedRange<Int>) -> [Location] {
        state.withLock { state in
            guard let key = state.key(of: stream), let locations = state.streams[key] else { return [] }
            let base = state.bases[key] ?? 0
            let first = versions.lowerBound - 1 - base
            guard first >= 0, first < locations.count else { return [] }
            return Array(locations[first..<min(versions.upperBound - base, locations.count)])
        }
    }

    var lastPosition: Int {
        state.withLock { $0.lastPosition }
    }

    var durablePosition: Int {
        state.withLock { $0.durablePosition }
    }

    func segment(_ ordinal: Int) -> Segment? {
        state.withLock { $0.segments.indices.contains(ordinal) ? $0.segments[ordinal] : nil }
    }

    /// A piece of a segment that can be walked by itself.
    struct Piece: Sendable {
        let segment: SegmentIdentity
        /// The segment's place among the segments.
        let ordinal: Int
        let offsets: Range<Int>
    }

    /// Where a walk forward through the log begins that must not miss any position from `position` on.
    func walkStart(from position: Int) -> (ordinal: Int, offset: Int)? {
        state.withLock { state in
            let segments = state.segments
            guard let ordinal = segments.firstIndex(afterWhich: { $0.lastPosition < position }) else { return nil }
            let blocks = segments[ordinal].blocks
            let block = (blocks.firstIndex(afterWhich: { $0.firstPosition <= position }) ?? blocks.count) - 1
            return (ordinal, block >= 0 ? blocks[block].offset : Format.segmentHeaderBytes)
        }
    }

    /// Where a walk forward begins that must not miss any event stored at or after an instant.
    func walkStart(storedFrom instant: Timestamp) -> (ordinal: Int, offset: Int)? {
        state.withLock { state in
            // Stored-at never decreases along the log, so that only the last block before the instant can reach it.
            let segments = state.segments
            let later = segments.firstIndex(afterWhich: { ($0.blocks.first?.storedAt ?? .distantFuture) < instant })
            let ordinal = max(0, (later ?? segments.count) - 1)
            guard segments.indices.contains(ordinal) else { return nil }
            let blocks = segments[ordinal].blocks
            let block = (blocks.firstIndex(afterWhich: { $0.storedAt < instant }) ?? blocks.count) - 1
            return (ordinal, block >= 0 ? blocks[block].offset : Format.segmentHeaderBytes)
        }
    }

    /// The piece of a segment in which a walk backward from a position begins: it holds the highest position at or
    /// below `position`.
    func lastPiece(atOrBelow position: Int) -> Piece? {
        state.withLock { state in
            for ordinal in (0..<state.segments.count(upTo: position)).reversed() {
                let segment = state.segments[ordinal]
                let blocks = segment.blocks
                let next = blocks.firstIndex(afterWhich: { $0.firstPosition <= position }) ?? blocks.count
                guard next > 0 else { continue }
                let end = next < blocks.count ? blocks[next].offset : segment.end
                return Piece(
                    segment: segment.identity, ordinal: ordinal, offsets: blocks[next - 1].offset..<end)
            }
            return nil
        }
    }

    /// How many segments begin at or below a position.
    func segmentCount(upTo position: Int) -> Int {
        state.withLock { $0.segments.count(upTo: position) }
    }

    /// The first of some segments that is damaged; nil where all are sound.
    func damagedSegment(among ordinals: Range<Int>) -> SegmentIdentity? {
        state.withLock { state in
            state.segments[ordinals.clamped(to: state.segments.indices)].first { $0.isDamaged }?.identity
        }
    }
}

extension [LogIndex.Segment] {
    fileprivate func count(upTo position: Int) -> Int {
        firstIndex(afterWhich: { Int($0.number) <= position }) ?? count
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element does not fulfil a condition that only elements at the front fulfil; nil where
    /// all do. O(log n).
    func firstIndex(afterWhich isBefore: (Element) -> Bool) -> Int? {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low < endIndex ? low : nil
    }
}
