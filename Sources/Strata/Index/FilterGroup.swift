/// A filter over the event ids of several neighbouring sealed segments: one look in place of one for each of them.
///
/// Made in memory from sidecars, and good as long as the segments are there with these very sidecars: one that is made anew may
/// know more. Docs/Decisions/0041-filters-of-several-segments.md
final class FilterGroup: Sendable {
    /// How many segments a group has, unless they are large.
    static let segments = 8
    /// Making one takes about 50 bytes of memory an event for a moment.
    static let mostEvents = 2 << 20

    fileprivate let first: SegmentIdentity
    fileprivate let sidecars: [Sidecar]
    private let shape: BinaryFuseFilter.Shape
    private let cells: PinnedBytes

    /// Reads all event ids of segments that have sidecars. May block. O(events * log events).
    ///
    /// - Throws: ``SidecarFault/damaged`` where a sidecar cannot be trusted.
    init(of segments: [IndexedSegment]) throws(SidecarFault) {
        sidecars = segments.compactMap(\.sidecar)
        guard let first = segments.first, sidecars.count == segments.count else { throw .damaged }
        self.first = first.identity
        var keys: [UInt64] = []
        keys.reserveCapacity(segments.reduce(0) { $0 + $1.summary.eventCount })
        for sidecar in sidecars { try sidecar.collectEventKeys(into: &keys) }
        keys.sort()
        let filter = BinaryFuseFilter(of: keys)
        shape = filter.shape
        cells = PinnedBytes(copying: filter.cells.span.bytes)
    }

    /// What it takes in memory, in bytes.
    var bytes: Int { cells.count }

    /// Tells of event ids that they are in none of the segments, as long as this object lives.
    var view: View { View(filter: BinaryFuseFilter.View(shape, cells)) }

    struct View: Sendable {
        fileprivate let filter: BinaryFuseFilter.View

        /// Whether one of the segments may have an event of a hash.
        @inline(__always)
        func mayContain(_ hash: UInt64) -> Bool { filter.mayContain(SidecarEvent.key(of: hash)) }
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

    var bytes: Int { placed.reduce(0) { $0 + $1.group.bytes } }

    /// Takes a group in, if its segments are still there. O(groups).
    mutating func add(_ group: FilterGroup, among sealed: [IndexedSegment]) {
        guard let places = Self.places(of: group, among: sealed) else { return }
        let index = placed.firstIndex { $0.places.lowerBound >= places.upperBound } ?? placed.endIndex
        placed.insert(Placed(group, places), at: index)
    }

    /// Finds the groups again among segments that have changed, and gives up those that have lost some of theirs. O(segments
    /// in groups).
    mutating func place(among sealed: [IndexedSegment]) {
        searched = 0
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

    /// Neighbouring segments that are worth a group and are in none; nil where there are not enough of them. The same ones are
    /// given once, until segments change.
    mutating func next(among sealed: [IndexedSegment]) -> [IndexedSegment]? {
        var run: [IndexedSegment] = []
        var events = 0
        var rest = placed[(placed.firstIndex { $0.places.lowerBound >= searched } ?? placed.endIndex)...]
        while searched < sealed.count {
            if let group = rest.first, group.places.lowerBound == searched {
                (searched, rest) = (group.places.upperBound, rest.dropFirst())
                (run, events) = ([], 0)
                continue
            }
            let segment = sealed[searched]
            let count = segment.summary.eventCount
            if events + count > FilterGroup.mostEvents {
                if run.count > 1 { return run }
                (run, events) = ([], 0)
            }
            searched += 1
            guard segment.sidecar != nil, !segment.isDamaged, count <= FilterGroup.mostEvents else {
                (run, events) = ([], 0)
                continue
            }
            run.append(segment)
            events += count
            if run.count == FilterGroup.segments { return run }
        }
        return nil
    }
}
