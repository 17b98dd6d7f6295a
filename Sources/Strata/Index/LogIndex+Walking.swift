import EventSourcing
import Synchronization

/// A segment as readers see it at one moment.
struct SegmentView: Sendable {
    let identity: SegmentIdentity
    /// Where the frames end that readers may see.
    let end: Int
    /// The last position of the range that it covers.
    let lastPosition: Int
    /// Whether a walk through it is not complete.
    let isDamaged: Bool
    /// nil of the active segment.
    fileprivate let sealed: IndexedSegment?

    init(_ segment: IndexedSegment) {
        identity = segment.identity
        end = segment.summary.contentLength
        lastPosition = segment.lastPosition
        isDamaged = segment.isDamaged
        sealed = segment
    }

    init(_ segment: LogIndex.ActiveSegmentIndex) {
        identity = segment.identity
        end = segment.end
        lastPosition = segment.lastPosition
        isDamaged = segment.isDamaged
        sealed = nil
    }

    /// Whether no frame is added to it any more.
    var isSealed: Bool { sealed != nil }

    /// Whether the segment may have events of some aggregate types, stored at or after an instant.
    func mayHold(typesWithTags tags: Set<UInt32>?, storedFrom earliest: Timestamp?) -> Bool {
        guard let sealed, !isDamaged else { return true }
        if let earliest, sealed.summary.lastStoredAt < earliest { return false }
        guard let tags else { return true }
        return sealed.types.contains { $0.eventCount > 0 && tags.contains($0.tag) }
    }
}

/// Where walks through the log begin and go on.
extension LogIndex {
    /// A piece of a segment that can be walked by itself.
    struct Piece: Sendable {
        let segment: SegmentView
        let offsets: Range<Int>
    }

    /// The first segment that covers a position or begins behind it; nil behind the last one.
    func segment(covering position: Int) -> SegmentView? {
        state.withLock { state in
            guard let place = state.sealed.partitionPoint(where: { $0.lastPosition < position }) else {
                return state.active.lastPosition >= position || state.active.isDamaged
                    ? SegmentView(state.active) : nil
            }
            return SegmentView(state.sealed[place])
        }
    }

    /// Where in a segment a walk forward begins that must not miss any position from `position` on.
    func walkStart(
        from position: Int, in segment: SegmentView, _ access: SidecarAccess
    ) throws(IndexFault) -> Int {
        guard Int(clamping: segment.identity.number) < position else { return Format.segmentHeaderBytes }
        return try lastMark(in: segment, access) { $0.firstPosition <= position }?.mark.offset
            ?? Format.segmentHeaderBytes
    }

    /// Where in a segment a walk forward begins that must not miss any event stored at or after an instant.
    func walkStart(
        storedFrom instant: Timestamp, in segment: SegmentView, _ access: SidecarAccess
    ) throws(IndexFault) -> Int {
        // Stored-at never decreases along the log, so that only the last mark before the instant can reach it.
        try lastMark(in: segment, access) { $0.storedAt < instant }?.mark.offset ?? Format.segmentHeaderBytes
    }

    /// The piece of a segment in which a walk backward from a position begins: it holds the highest position at or
    /// below `position`; nil where the segment has none.
    func lastPiece(
        atOrBelow position: Int, in segment: SegmentView, _ access: SidecarAccess
    ) throws(IndexFault) -> Piece? {
        let found = try lastMark(in: segment, access) { $0.firstPosition <= position }
        return found.map {
            Piece(segment: segment, offsets: $0.mark.offset..<max($0.mark.offset, $0.next ?? segment.end))
        }
    }

    private func lastMark(
        in segment: SegmentView, _ access: SidecarAccess, where isBefore: (WalkMark) -> Bool
    ) throws(IndexFault) -> (mark: WalkMark, next: Int?)? {
        if let sealed = segment.sealed {
            // The view may be older than the segment's index, which is made anew where its sidecar is damaged.
            return try (sealedSegment(segment.identity) ?? sealed).lastMark(access, where: isBefore)
        }
        var isActive = false
        let mark: (mark: WalkMark, next: Int?)? = state.withLock { state in
            isActive = state.active.identity == segment.identity
            return isActive ? state.active.index.lastMark(where: isBefore) : nil
        }
        // It may have been sealed meanwhile, and a compaction may have taken it away.
        return isActive ? mark : try sealedSegment(segment.identity)?.lastMark(access, where: isBefore)
    }

    /// The segment that stands last among those that begin at or below a position; nil where there is none.
    func lastSegment(beginningUpTo position: Int) -> SegmentView? {
        state.withLock { state in
            if Int(clamping: state.active.identity.number) <= position { return SegmentView(state.active) }
            let next = state.sealed.partitionPoint(where: { Int(clamping: $0.identity.number) <= position })
            let count = next ?? state.sealed.count
            return count > 0 ? SegmentView(state.sealed[count - 1]) : nil
        }
    }

    /// A segment that is part of the log now.
    func segment(_ identity: SegmentIdentity) -> SegmentView? {
        state.withLock { state in
            if state.active.identity == identity { return SegmentView(state.active) }
            return state.sealedSegment(identity).map { SegmentView($0) }
        }
    }

    /// What the index has of a sealed segment now; nil where a compaction has put another one in its place.
    func sealedSegment(_ identity: SegmentIdentity) -> IndexedSegment? {
        state.withLock { $0.sealedSegment(identity) }
    }

    /// The first segment that is not whole among those that reach to a position or begin behind it; nil where there is
    /// none.
    func damagedSegment(from position: Int) -> SegmentView? {
        state.withLock { state in
            if let segment = state.sealed.first(where: { $0.isDamaged && $0.lastPosition >= position }) {
                return SegmentView(segment)
            }
            return state.active.isDamaged ? SegmentView(state.active) : nil
        }
    }
}

extension LogIndex.State {
    fileprivate func sealedSegment(_ identity: SegmentIdentity) -> IndexedSegment? {
        guard let place = sealed.partitionPoint(where: { $0.identity.number < identity.number }) else { return nil }
        return sealed[place].identity == identity ? sealed[place] : nil
    }
}
