/// A filter over the event ids of several neighbouring sealed segments: one look in place of one for each of them.
///
/// Made in memory from sidecars, and good as long as the segments are there with these very sidecars: one that is made anew may
/// know more. Docs/Decisions/0041-filters-of-several-segments.md
final class FilterGroup: Sendable {
    /// How many segments are grouped, unless they are large, and how many groups are joined.
    static let fanOut = 8
    /// A large group has a filter for each part of the ids. Making one takes about 50 bytes of memory an event for a moment.
    static let mostEventsInPart = 2 << 20
    static let mostEvents = fanOut * mostEventsInPart

    /// 1 for one of segments, one more than theirs for one of groups.
    let level: Int
    fileprivate let first: SegmentIdentity
    fileprivate let sidecars: [Sidecar]
    private let parts: [(shape: BinaryFuseFilter.Shape, cells: PinnedBytes)]

    /// Reads all event ids of segments that have sidecars. May block. O(events * log events).
    ///
    /// - Parameters:
    ///   - mostInPart: about how many events a part has.
    ///   - goesOn: asked before each part; nil is made where it says no.
    /// - Throws: ``SidecarFault/damaged`` where a sidecar cannot be trusted.
    init?(
        of segments: [IndexedSegment], level: Int = 1, mostInPart: Int = FilterGroup.mostEventsInPart,
        while goesOn: () -> Bool = { true }
    ) throws(SidecarFault) {
        sidecars = segments.compactMap(\.sidecar)
        guard let first = segments.first, sidecars.count == segments.count else { throw .damaged }
        self.first = first.identity
        self.level = level
        let events = segments.reduce(0) { $0 + $1.summary.eventCount }
        var count = 1
        while events > count * mostInPart { count *= 2 }
        var parts: [(shape: BinaryFuseFilter.Shape, cells: PinnedBytes)] = []
        for part in 0..<count {
            guard goesOn() else { return nil }
            var keys: [UInt64] = []
            keys.reserveCapacity(events / count + events / count / 8)
            for sidecar in sidecars {
                try sidecar.collectEventKeys(into: &keys) { Self.part(of: $0, among: count) == part }
            }
            keys.sort()
            let filter = BinaryFuseFilter(of: keys)
            parts.append((filter.shape, PinnedBytes(copying: filter.cells.span.bytes)))
        }
        self.parts = parts
    }

    /// Which part a key belongs to. By bits that choose no cell of a filter, and are one half of an exclusive or in its
    /// fingerprints.
    ///
    /// - Parameter count: how many there are, a power of two.
    @inline(__always)
    private static func part(of key: UInt64, among count: Int) -> Int {
        Int(truncatingIfNeeded: key >> 36) & (count - 1)
    }

    /// What it takes in memory, in bytes.
    var bytes: Int { parts.reduce(0) { $0 + $1.cells.count } }

    var partCount: Int { parts.count }

    /// Tells of event ids that they are in none of the segments, as long as this object lives.
    var view: View { View(parts: parts.map { BinaryFuseFilter.View($0.shape, $0.cells) }) }

    struct View: Sendable {
        fileprivate let parts: [BinaryFuseFilter.View]

        /// Whether one of the segments may have an event of a hash.
        @inline(__always)
        func mayContain(_ hash: UInt64) -> Bool {
            let key = SidecarEvent.key(of: hash)
            return parts[FilterGroup.part(of: key, among: parts.count)].mayContain(key)
        }
    }
}

/// Which groups there are, and where among the sealed segments. Whoever looks into their views holds it meanwhile.
struct FilterGroups {
    struct Placed {
        fileprivate let group: FilterGroup
        let places: Range<Int>
        let view: FilterGroup.View

        fileprivate init(_ group: FilterGroup, _ places: Range<Int>) {
            self.group = group
            self.places = places
            view = group.view
        }
    }

    /// In the order of their places, which do not overlap.
    private(set) var placed: [Placed] = []
    /// There is nothing to be grouped before this place.
    private var searched = 0
    /// There are no groups to be joined before this place.
    private var joined = 0

    var bytes: Int { placed.reduce(0) { $0 + $1.group.bytes } }

    /// Takes a group in, if its segments are still there, in place of those that it joins. O(groups).
    mutating func add(_ group: FilterGroup, among sealed: [IndexedSegment]) {
        guard let places = Self.places(of: group, among: sealed) else { return }
        placed.removeAll { $0.places.overlaps(places) }
        let index = placed.firstIndex { $0.places.lowerBound >= places.upperBound } ?? placed.endIndex
        placed.insert(Placed(group, places), at: index)
    }

    /// Finds the groups again among segments that have changed, and gives up those that have lost some of theirs. O(segments
    /// in groups).
    mutating func place(among sealed: [IndexedSegment]) {
        searched = 0
        joined = 0
        placed = placed.compactMap { old in
            Self.places(of: old.group, among: sealed).map { Placed(old.group, $0) }
        }
    }

    private static func places(of group: FilterGroup, among sealed: [IndexedSegment]) -> Range<Int>? {
        guard
            let first = sealed.partitionPoint(where: { $0.identity.number < group.first.number }),
            sealed[first...].prefix(group.sidecars.count).elementsEqual(group.sidecars, by: { $0.sidecar === $1 })
        else { return nil }
        return first..<first + group.sidecars.count
    }

    /// Neighbouring segments that are worth a group, and its level: they are in none, or in as many of the level below as are
    /// joined. Nil where there are not enough of them. The same ones are given once, until segments change.
    mutating func next(among sealed: [IndexedSegment]) -> (segments: [IndexedSegment], level: Int)? {
        if let ungrouped = ungrouped(among: sealed) { return ungrouped }
        var start = placed.firstIndex { $0.places.lowerBound >= joined } ?? placed.endIndex
        while start + FilterGroup.fanOut <= placed.count {
            let run = placed[start..<start + FilterGroup.fanOut]
            let places = run[start].places.lowerBound..<run[run.endIndex - 1].places.upperBound
            let level = run[start].group.level
            if run.allSatisfy({ $0.group.level == level }), run.reduce(0, { $0 + $1.places.count }) == places.count,
                sealed[places].reduce(0, { $0 + $1.summary.eventCount }) <= FilterGroup.mostEvents
            {
                joined = places.upperBound
                return (Array(sealed[places]), level + 1)
            }
            start += 1
        }
        return nil
    }

    /// As many as can be joined at once, which spares making their groups first, or as many as are grouped.
    private mutating func ungrouped(among sealed: [IndexedSegment]) -> (segments: [IndexedSegment], level: Int)? {
        while searched < sealed.count {
            if let group = placed.first(where: { $0.places.contains(searched) }) {
                searched = group.places.upperBound
                continue
            }
            let joined = FilterGroup.fanOut * FilterGroup.fanOut
            let many = run(from: searched, among: sealed, atMost: joined, events: FilterGroup.mostEvents)
            if many.count == joined {
                searched = many.upperBound
                return (Array(sealed[many]), 2)
            }
            let few = run(
                from: searched, among: sealed, atMost: FilterGroup.fanOut, events: FilterGroup.mostEventsInPart)
            searched = max(few.upperBound, searched + 1)
            // What ends before it is full goes on in another segment, unless something else ends both.
            guard few.count == FilterGroup.fanOut || few.count > 1 && few.count < many.count else { continue }
            return (Array(sealed[few]), 1)
        }
        return nil
    }

    /// Neighbouring segments from a place on that can be grouped and are not.
    private func run(
        from start: Int, among sealed: [IndexedSegment], atMost count: Int, events: Int
    ) -> Range<Int> {
        let end = min(
            start + count, sealed.count, placed.first { $0.places.lowerBound >= start }?.places.lowerBound ?? .max)
        var room = events
        for place in start..<end {
            let segment = sealed[place]
            guard segment.sidecar != nil, !segment.isDamaged, segment.summary.eventCount <= room else {
                return start..<place
            }
            room -= segment.summary.eventCount
        }
        return start..<end
    }
}
