import EventSourcing
import Synchronization

/// Where everything in the log is: what readers may see of it, by stream, by event id and by position.
///
/// Sealed segments carry their own index, which never changes; that of the segment which is appended to grows in memory.
/// The writer adds frames when readers may see them; readers copy out what they need, and look into sealed segments
/// without any lock. Memory grows with the streams that were touched since the store was opened, and not with the events
/// of sealed segments, their filters of event ids excepted.
final class LogIndex: Sendable {
    struct StreamKey: Hashable {
        /// By ``TypeTable``.
        let aggregateType: UInt32
        let id: UInt128
    }

    /// The segment that is appended to, or the last one that is.
    struct ActiveSegmentIndex {
        let identity: SegmentIdentity
        var index: GrowingIndex
        /// Where the frames end that readers may see.
        var end = Format.segmentHeaderBytes
        /// The last position that it held; the one before its first where it holds none.
        var lastPosition: Int
        var isDamaged = false

        init(_ identity: SegmentIdentity, index: GrowingIndex = GrowingIndex()) {
            self.identity = identity
            self.index = index
            lastPosition = max(Int(clamping: identity.number) - 1, index.summary.lastPosition)
        }
    }

    struct State: ~Copyable {
        var types = TypeTable()
        /// In the order of their positions.
        fileprivate(set) var sealed: [IndexedSegment] = []
        /// How often a refresh has put what another reading of the store has found in the place of everything.
        var contentChanges = 0
        /// How often the sealed segments have changed.
        fileprivate(set) var sealedChanges = 0
        /// Of each sealed segment; nil where there is none, and the segment must be asked.
        fileprivate(set) var filters: [BinaryFuseFilter.View?] = []
        /// Of several sealed segments each.
        fileprivate(set) var groups = FilterGroups()
        var active = ActiveSegmentIndex(SegmentIdentity(number: 1))
        /// The versions of streams that were touched since the store was opened.
        var versions: [StreamKey: Int] = [:]
        /// The latest truncation or tombstone of each stream that has one.
        var releases: [StreamKey: Release] = [:]
        var lastStoredAt = Timestamp.distantPast
        var lastPosition = 0
        var durablePosition = 0
    }

    let state = Mutex(State())
    /// Whether any stream was truncated or deleted: most stores need not look further.
    private let hasAnyRelease = Atomic(false)

    /// Whether any stream has a release.
    var hasReleases: Bool { hasAnyRelease.load(ordering: .acquiring) }

    /// Says that some stream has a release, before anybody is told of it.
    func noteRelease() { hasAnyRelease.store(true, ordering: .releasing) }

    private let lacksDamaged = Atomic(false)

    /// Whether a segment was found damaged while the store was open, so that the index does not know of everything that is
    /// stored. Ask behind a look-up by which something is decided.
    var isIncomplete: Bool { lacksDamaged.load(ordering: .acquiring) }

    /// Says that the index will lack what a damaged segment holds, before it does.
    func noteIncomplete() { lacksDamaged.store(true, ordering: .releasing) }

    /// Says that everything up to a position is durable.
    func setDurable(upTo position: Int) {
        state.withLock { $0.durablePosition = max($0.durablePosition, position) }
    }

    /// Says how far the frames of the active segment reach.
    func extendActive(to end: Int) {
        state.withLock { $0.active.end = max($0.active.end, end) }
    }

    /// Has the active segment be a sealed one, and begins another.
    ///
    /// - Returns: the sealed segment, which has no sidecar yet.
    @discardableResult
    func rollOver(as entry: Manifest.SealedSegment, to next: SegmentIdentity) -> IndexedSegment {
        state.withLock { state in
            let sealed = IndexedSegment(
                entry, state.active.index, isDamaged: state.active.isDamaged, types: state.types)
            state.appendSealed(sealed)
            state.active = ActiveSegmentIndex(next)
            return sealed
        }
    }

    /// Makes filters of several segments wherever there are enough segments without one. May block.
    ///
    /// - Parameter goesOn: asked before each of them, and before each part of a large one.
    func groupFilters(while goesOn: () -> Bool) {
        while goesOn(), let (segments, level) = state.withLock({ $0.segmentsToGroup() }) {
            // A sidecar that cannot be trusted is found out and made anew by whoever needs an answer of it.
            guard let group = try? FilterGroup(of: segments, level: level, while: goesOn) else { continue }
            state.withLock { $0.add(group) }
        }
    }

    /// What each segment holds, the active one last.
    var summaries: [SidecarSummary] {
        state.withLock { $0.sealed.map(\.summary) + [$0.active.index.summary] }
    }

    /// The sealed segments that could have a sidecar and have none.
    var segmentsWithoutSidecar: [IndexedSegment] {
        state.withLock { $0.sealed.filter { $0.sidecar == nil && !$0.isDamaged } }
    }

    /// The name of an aggregate type of a tag; nil where the log names none.
    func typeName(ofTag tag: UInt32) -> String? {
        state.withLock { $0.types.name(ofTag: tag) }
    }

    /// Says that segments lack events, where nothing but later segments has shown it. O(segments).
    func markDamaged(_ identities: Set<SegmentIdentity>) {
        state.withLock { state in
            if identities.contains(state.active.identity) { state.active.isDamaged = true }
            state.markSealedDamaged { identities.contains($0.identity) }
        }
    }

    /// Puts another index of a sealed segment in the place of one.
    ///
    /// - Returns: whether the segment was still there.
    @discardableResult
    func replace(_ segment: IndexedSegment, with index: (borrowing TypeTable) -> IndexedSegment) -> Bool {
        state.withLock { state in
            guard let place = state.sealed.firstIndex(where: { $0 === segment }) else { return false }
            state.replaceSealed(place..<place + 1, with: index(state.types))
            return true
        }
    }
}

extension LogIndex.State {
    /// O(segments in groups): none at opening, where segments are appended one by one.
    mutating func appendSealed(_ segment: IndexedSegment) {
        sealed.append(segment)
        filters.append(segment.filter)
        noteSealedChange()
    }

    /// Puts a segment in the place of neighbouring ones. O(segments).
    mutating func replaceSealed(_ places: Range<Int>, with segment: IndexedSegment) {
        sealed.replaceSubrange(places, with: [segment])
        filters.replaceSubrange(places, with: [segment.filter])
        noteSealedChange()
    }

    /// Has segments be known to be damaged. O(segments).
    mutating func markSealedDamaged(where isDamaged: (IndexedSegment) -> Bool) {
        for place in sealed.indices where isDamaged(sealed[place]) { sealed[place] = sealed[place].damaged }
        noteSealedChange()
    }

    private mutating func noteSealedChange() {
        groups.place(among: sealed)
        sealedChanges += 1
    }

    /// The key of a stream; nil where the log has never named its aggregate type.
    func key(of stream: StreamID) -> LogIndex.StreamKey? {
        types.number(of: stream.aggregateType).map {
            LogIndex.StreamKey(aggregateType: $0, id: stream.id.bits)
        }
    }

    mutating func segmentsToGroup() -> (segments: [IndexedSegment], level: Int)? {
        groups.next(among: sealed)
    }

    mutating func add(_ group: FilterGroup) {
        groups.add(group, among: sealed)
    }

    /// Adds a sealed segment behind all others.
    ///
    /// - Parameters:
    ///   - types: those that the segment names.
    ///   - segment: makes it once the types have numbers.
    mutating func addSealed(_ types: [IndexedType], _ segment: (borrowing TypeTable) -> IndexedSegment) {
        for type in types { _ = self.types.add(type.name) }
        let segment = segment(self.types)
        appendSealed(segment)
        // Its last events may have been released, and their positions were given out all the same.
        lastPosition = max(lastPosition, segment.lastPosition)
        take(segment.summary, segment.releases, segment.types)
    }

    /// Adds the active segment behind all others.
    mutating func addActive(_ segment: LogIndex.ActiveSegmentIndex) {
        for type in segment.index.types { _ = types.add(type.name) }
        active = segment
        take(segment.index.summary, segment.index.releases, segment.index.types)
        for stream in segment.index.streams {
            let type = types.add(segment.index.types[Int(stream.type)].name)
            versions[LogIndex.StreamKey(aggregateType: type, id: stream.id)] = stream.lastVersion
        }
    }

    private mutating func take(_ summary: SidecarSummary, _ releases: [IndexedRelease], _ types: [IndexedType]) {
        lastPosition = max(lastPosition, summary.lastPosition)
        lastStoredAt = max(lastStoredAt, summary.lastStoredAt)
        for release in releases {
            let type = self.types.add(types[release.type].name)
            add(Release(release), to: LogIndex.StreamKey(aggregateType: type, id: release.id))
        }
    }

    /// Adds a commit of the active segment.
    mutating func add(_ positioned: PositionedCommit, header: FrameHeader, at offset: Int) {
        let stream = positioned.commit.stream
        let type = active.index.addType(stream.aggregateType, tag: header.aggregateTypeTag)
        _ = active.index.add(header, at: offset, type: type)
        for id in positioned.commit.eventIDs { active.index.addEvent(id, at: offset) }
        let key = LogIndex.StreamKey(aggregateType: types.add(stream.aggregateType), id: header.aggregateID)
        versions[key] = header.firstVersion + header.eventCount - 1
        active.end = max(active.end, offset + header.frameLength)
        active.lastPosition = header.firstPosition + header.eventCount - 1
        lastPosition = active.lastPosition
        lastStoredAt = max(lastStoredAt, header.storedAt)
    }

    /// Adds a release of the active segment.
    mutating func add(_ stamped: StampedRelease, header: FrameHeader, at offset: Int) {
        let stream = stamped.release.stream
        let release = stamped.release.release
        let type = active.index.addType(stream.aggregateType, tag: header.aggregateTypeTag)
        active.index.add(IndexedRelease(release, type: type, id: header.aggregateID, offset: offset), header.storedAt)
        active.end = max(active.end, offset + header.frameLength)
        let key = LogIndex.StreamKey(aggregateType: types.add(stream.aggregateType), id: header.aggregateID)
        add(release, to: key)
        // Whoever decides about a release looks at the stream before: one that was not touched has no events.
        if versions[key] == nil { versions[key] = release.lastVersion }
        lastStoredAt = max(lastStoredAt, header.storedAt)
    }

    mutating func add(_ release: Release, to key: LogIndex.StreamKey) {
        // A release that takes nothing away comes only from a log that was put together by hand.
        if let known = releases[key], known.isTombstoned || known.firstLiveVersion > release.firstLiveVersion { return }
        releases[key] = release
    }
}
