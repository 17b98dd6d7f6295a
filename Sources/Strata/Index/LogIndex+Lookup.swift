import EventSourcing
import Synchronization

extension LogIndex {
    /// Where a frame is.
    struct Location: Hashable, Sendable {
        let segment: SegmentIdentity
        let offset: Int
    }

    /// What an append must know of what is stored already.
    struct AppendLookup {
        let status: StreamStatus
        /// Frames that may hold one of the ids.
        let candidates: [Location]
    }

    /// The sealed segments whose filters let event ids pass, as long as the segments are the same.
    struct SiftedIDs: Sendable {
        fileprivate let sealedChanges: Int
        fileprivate let suspects: [Suspect]

        fileprivate struct Suspect {
            let hash: UInt64
            let place: Int
        }
    }

    /// Looks up a stream's status and the frames that may hold event ids.
    func lookUp(
        _ stream: StreamID, eventIDs ids: [UInt128], sifted: SiftedIDs? = nil, _ access: SidecarAccess
    ) throws(IndexFault) -> AppendLookup {
        AppendLookup(
            status: try status(of: stream, access, isTouched: true),
            candidates: try candidates(forEventIDs: ids, sifted: sifted, access))
    }

    /// Asks the filters of all sealed segments, which takes most of what looking event ids up takes, so that whoever holds
    /// others up need not. O(ids x segments), with a few cache lines each; most segments are asked several at a time.
    func sift(_ ids: [UInt128]) -> SiftedIDs {
        let (sealed, filters, groups, changes) = state.withLock { ($0.sealed, $0.filters, $0.groups, $0.sealedChanges) }
        // They hold what the filters look at.
        defer { withExtendedLifetime((sealed, groups)) {} }
        return SiftedIDs(sealedChanges: changes, suspects: Self.suspects(ids, filters, groups))
    }

    private static func suspects(
        _ ids: [UInt128], _ filters: [BinaryFuseFilter.View?], _ groups: FilterGroups
    ) -> [SiftedIDs.Suspect] {
        var suspects: [SiftedIDs.Suspect] = []
        for id in ids {
            let hash = IndexHash.event(id)
            var place = filters.count
            var group = groups.placed.count
            while place > 0 {
                if group > 0, groups.placed[group - 1].places.upperBound == place {
                    group -= 1
                    guard groups.placed[group].view.mayContain(hash) else {
                        place = groups.placed[group].places.lowerBound
                        continue
                    }
                }
                place -= 1
                guard filters[place]?.mayContain(hash) ?? true else { continue }
                suspects.append(SiftedIDs.Suspect(hash: hash, place: place))
            }
        }
        return suspects
    }

    /// The frames that may hold one of some events. O(ids x segments), with a few cache lines each, and O(ids) where the ids
    /// were sifted and no segment was sealed or replaced since.
    func candidates(
        forEventIDs ids: [UInt128], sifted: SiftedIDs? = nil, _ access: SidecarAccess
    ) throws(IndexFault) -> [Location] {
        var candidates: [Location] = []
        var offsets: [Int] = []
        let (sealed, filters, groups, changes) = state.withLock { state in
            for id in ids { state.active.index.events.collect(IndexHash.event(id), into: &offsets) }
            let active = state.active.identity
            candidates += offsets.map { Location(segment: active, offset: $0) }
            return (state.sealed, state.filters, state.groups, state.sealedChanges)
        }
        // They hold what the filters look at.
        defer { withExtendedLifetime((sealed, groups)) {} }
        let known = sifted.flatMap { $0.sealedChanges == changes ? $0.suspects : nil }
        for suspect in known ?? Self.suspects(ids, filters, groups) {
            offsets.removeAll(keepingCapacity: true)
            try sealed[suspect.place].collectEvents(suspect.hash, into: &offsets, access)
            let identity = sealed[suspect.place].identity
            candidates += offsets.map { Location(segment: identity, offset: $0) }
        }
        return candidates
    }

    /// The version of a stream's last event; 0 for a stream that never had one.
    func version(of stream: StreamID, _ access: SidecarAccess) throws(IndexFault) -> Int {
        try status(of: stream, access).version
    }

    /// The versions of some streams' last events; 0 for one that never had any. O(streams x segments), or O(streams of all
    /// segments) where that is less.
    func versions(
        of streams: some Sequence<StreamID>, _ access: SidecarAccess
    ) throws(IndexFault) -> [StreamID: Int] {
        while true {
            let (sealed, changes, untouched) = state.withLock { state in
                var untouched: [StreamKey: StreamProbe] = [:]
                for stream in streams {
                    guard let key = state.key(of: stream), state.versions[key] == nil else { continue }
                    untouched[key] = StreamProbe(stream, type: key.aggregateType)
                }
                return (state.sealed, state.contentChanges, untouched)
            }
            let found = try Self.lastVersions(of: untouched, in: sealed, access)
            let versions: [StreamID: Int]? = state.withLock { state in
                guard state.contentChanges == changes else { return nil }
                var versions: [StreamID: Int] = [:]
                for stream in streams {
                    versions[stream] =
                        state.key(of: stream).map { key in
                            state.status(of: key, version: state.versions[key] ?? found[key] ?? 0).version
                        } ?? 0
                }
                return versions
            }
            if let versions { return versions }
        }
    }

    /// The last versions that segments have of streams.
    private static func lastVersions(
        of streams: [StreamKey: StreamProbe], in sealed: [IndexedSegment], _ access: SidecarAccess
    ) throws(IndexFault) -> [StreamKey: Int] {
        var missing = streams
        var versions: [StreamKey: Int] = [:]
        for segment in sealed.reversed() {
            if missing.isEmpty { break }
            var found: [StreamKey: Int] = [:]
            try segment.forEachStream(of: missing, access) { found[$0] = $1.lastVersion }
            for key in found.keys { missing[key] = nil }
            versions.merge(found) { newer, _ in newer }
        }
        return versions
    }

    /// What a stream has come to. O(1) for one that was touched before, else O(segments).
    ///
    /// - Parameter isTouched: whether a stream that is not there is remembered, too.
    func status(
        of stream: StreamID, _ access: SidecarAccess, isTouched: Bool = false
    ) throws(IndexFault) -> StreamStatus {
        while true {
            switch begin(with: stream) {
            case .touched(let status): return status
            case .untouched(let search):
                let version = try search.version(access)
                if let status = note(version, of: search, isTouched: isTouched) { return status }
            }
        }
    }

    /// What is known of a stream before segments are asked.
    enum StreamKnowledge {
        case touched(StreamStatus)
        case untouched(StreamSearch)
    }

    /// Asks segments for a stream that was not touched before, without any lock.
    struct StreamSearch {
        fileprivate let stream: StreamID
        fileprivate let key: StreamKey
        fileprivate let sealed: [IndexedSegment]
        fileprivate let contentChanges: Int

        /// The stream's last version; 0 where no segment has it.
        func version(_ access: SidecarAccess) throws(IndexFault) -> Int {
            let probe = StreamProbe(stream, type: key.aggregateType)
            for segment in sealed.reversed() {
                if let found = try segment.stream(probe, access) { return found.lastVersion }
            }
            return 0
        }
    }

    func begin(with stream: StreamID) -> StreamKnowledge {
        state.withLock { state in
            guard let key = state.key(of: stream) else { return .touched(StreamStatus(version: 0)) }
            if let status = state.statusIfTouched(key) { return .touched(status) }
            return .untouched(
                StreamSearch(stream: stream, key: key, sealed: state.sealed, contentChanges: state.contentChanges))
        }
    }

    /// Remembers the version of a stream, unless somebody has appended meanwhile.
    ///
    /// - Parameter isTouched: whether a stream that is not there is remembered, too.
    /// - Returns: nil where a refresh has replaced what was searched.
    func note(_ version: Int, of search: StreamSearch, isTouched: Bool) -> StreamStatus? {
        state.withLock { state in
            guard state.contentChanges == search.contentChanges else { return nil }
            let key = search.key
            if state.versions[key] == nil, version > 0 || isTouched { state.versions[key] = version }
            return state.status(of: key, version: state.versions[key] ?? version)
        }
    }

    /// What a stream has come to, where that can be told without blocking.
    func knownStatus(of stream: StreamID) -> StreamStatus? {
        do throws(IndexFault) { return try status(of: stream, .verifiedOnly, isTouched: true) } catch { return nil }
    }

    /// What a stream was when it was last looked at or appended to; nil where it was never.
    func statusIfTouched(_ stream: StreamID) -> StreamStatus? {
        state.withLock { state in state.key(of: stream).flatMap { state.statusIfTouched($0) } }
    }

    /// Commits of a stream, segment by segment.
    struct StreamPlaces {
        fileprivate(set) var commits: [CommitPlace] = []
        /// The segments, each with the range of its commits, which is not empty.
        fileprivate(set) var segments: [(segment: SegmentView, commits: Range<Int>)] = []

        fileprivate mutating func add(_ segment: SegmentView, from first: Int) {
            if first < commits.count { segments.append((segment, first..<commits.count)) }
        }
    }

    /// The commits of a stream that have some of a range of versions, ascending. O(segments + found).
    func commits(
        of stream: StreamID, versions: ClosedRange<Int>, _ access: SidecarAccess
    ) throws(IndexFault) -> StreamPlaces {
        var newest: [CommitPlace] = []
        let (probe, sealed, active) = state.withLock { state in
            let probe = state.key(of: stream).map { StreamProbe(stream, type: $0.aggregateType) }
            if let type = state.active.index.type(named: stream.aggregateType) {
                state.active.index.stream(type, stream.id.bits)?.collectCommits(versions: versions, into: &newest)
            }
            return (probe, state.sealed, SegmentView(state.active))
        }
        var places = StreamPlaces()
        guard let probe else { return places }
        var found: [(IndexedSegment, StreamInSegment)] = []
        for segment in sealed.reversed() {
            guard let part = try segment.stream(probe, access) else { continue }
            if part.firstVersion <= versions.upperBound, part.lastVersion >= versions.lowerBound {
                found.append((segment, part))
            }
            if part.firstVersion <= versions.lowerBound { break }
        }
        places.segments.reserveCapacity(found.count + 1)
        for (segment, part) in found.reversed() {
            let first = places.commits.count
            try segment.collectCommits(of: part, versions: versions, into: &places.commits, access)
            places.add(SegmentView(segment), from: first)
        }
        let first = places.commits.count
        places.commits += newest
        places.add(active, from: first)
        return places
    }

    var lastPosition: Int {
        state.withLock { $0.lastPosition }
    }

    var durablePosition: Int {
        state.withLock { $0.durablePosition }
    }
}

extension LogIndex.State {
    func statusIfTouched(_ key: LogIndex.StreamKey) -> StreamStatus? {
        versions[key].map { status(of: key, version: $0) }
    }

    func status(of key: LogIndex.StreamKey, version: Int) -> StreamStatus {
        guard let release = releases[key] else { return StreamStatus(version: version) }
        return StreamStatus(
            version: max(version, release.lastVersion), firstVersion: release.firstLiveVersion,
            isTruncated: release.isTruncated, isTombstoned: release.isTombstoned)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element does not fulfil a condition that only elements at the front fulfil; nil where
    /// all do. O(log n).
    func partitionPoint(where isBefore: (Element) -> Bool) -> Int? {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low < endIndex ? low : nil
    }
}
