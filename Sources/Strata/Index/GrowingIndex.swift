package import EventSourcing

/// Where everything in one segment is, in memory, while commits are added; a sidecar is made of it.
///
/// A value: a copy costs nothing until one of the two changes.
package struct GrowingIndex: Sendable {
    /// The commits of one stream.
    struct Stream: Sendable {
        let id: UInt128
        let type: UInt32
        /// Of all frames.
        var bytes = 0
        var first: CommitPlace
        // Most streams have one commit in a segment, and need no array.
        var others: [CommitPlace] = []

        var firstVersion: Int { first.firstVersion }
        var lastVersion: Int { (others.last ?? first).lastVersion }
    }

    private struct StreamKey: Hashable {
        let type: UInt32
        let id: UInt128
    }

    private(set) var types: [IndexedType] = []
    /// The first type of each tag; different names may have one tag.
    private var typesByTag: [UInt32: Int] = [:]
    private var typesByName: [String: Int] = [:]
    /// The type that a frame named last: mostly that of the next one, too.
    private var latestType: (tag: UInt32, place: Int)?
    private(set) var streams: [Stream] = []
    /// Whether commits of a stream do not follow each other.
    private(set) var hasGaps = false
    private var streamSlots = HashSlots<StreamKey>()
    private(set) var releases: [IndexedRelease] = []
    private(set) var events = EventPlaces()
    private(set) var marks: [WalkMark] = []
    private(set) var summary = SidecarSummary()

    /// - Parameter isSearchable: whether events are looked up by their ids before a sidecar is made, or
    ///   ``makeSearchable()`` is called.
    package init(isSearchable: Bool = true) {
        events = EventPlaces(isSearchable: isSearchable)
    }

    /// Lets events be looked up by their ids. O(events) the first time.
    mutating func makeSearchable() {
        events.makeSearchable()
    }

    /// The place of an aggregate type; nil where the segment does not name it. O(1).
    func type(named name: String) -> Int? { typesByName[name] }

    /// The name of the first aggregate type of a tag; nil where the segment names none.
    func typeName(ofTag tag: UInt32) -> String? { typesByTag[tag].map { types[$0].name } }

    /// The place of an aggregate type of which the segment says something from now on. O(1).
    package mutating func addType(_ name: RawSpan, tag: UInt32) -> Int {
        if let latestType, latestType.tag == tag, name.isUTF8(of: types[latestType.place].name) {
            return latestType.place
        }
        let place: Int
        if let first = typesByTag[tag], name.isUTF8(of: types[first].name) {
            place = first
        } else {
            place = addType(name.text ?? "", tag: tag)
        }
        latestType = (tag, place)
        return place
    }

    /// The place of an aggregate type of which the segment says something from now on. O(1).
    mutating func addType(_ name: String, tag: UInt32) -> Int {
        if let place = typesByName[name] { return place }
        let place = types.count
        types.append(IndexedType(name))
        typesByName[name] = place
        if typesByTag[tag] == nil { typesByTag[tag] = place }
        return place
    }

    /// The stream of a type and id; nil where the segment has no commit of it. O(1).
    func stream(_ type: Int, _ id: UInt128) -> Stream? {
        place(of: UInt32(type), id).map { streams[$0] }
    }

    private func place(of type: UInt32, _ id: UInt128) -> Int? {
        streamSlots.first(IndexHash.stream(types[Int(type)].tag, id), key: StreamKey(type: type, id: id)) {
            streams[$0].type == type && streams[$0].id == id
        }
    }

    /// What became of a commit.
    package enum Addition: Hashable {
        /// It follows the stream's last commit in the segment.
        case follows
        /// It is the stream's first one in the segment.
        case begins
        /// Versions before it are not in the segment.
        case leavesGap(ClosedRange<Int>)
        /// Its versions are not above those of the stream: the stream does not have it.
        case overlaps
    }

    /// Adds a commit, without its events.
    ///
    /// - Parameter header: of the frame at `offset`.
    package mutating func add(_ header: FrameHeader, at offset: Int, type: Int) -> Addition {
        summary.add(header, at: offset)
        types[type].eventCount += header.eventCount
        types[type].commitCount += 1
        if marks.last.map({ offset - $0.offset >= WalkMark.distance }) ?? true {
            marks.append(WalkMark(firstPosition: header.firstPosition, storedAt: header.storedAt, offset: offset))
        }
        let commit = CommitPlace(
            firstVersion: header.firstVersion, offset: offset, eventCount: header.eventCount)
        return add(commit, to: UInt32(type), header.aggregateID, bytes: header.frameLength)
    }

    /// Adds an event of the commit at an offset.
    package mutating func addEvent(_ id: UInt128, at offset: Int) {
        events.add(IndexHash.event(id), at: offset)
    }

    /// Adds a commit that is known to have been there and cannot be read.
    mutating func addMissing(_ header: FrameHeader, type: Int) -> Addition {
        let commit = CommitPlace(firstVersion: header.firstVersion, offset: 0, eventCount: header.eventCount)
        return add(commit, to: UInt32(type), header.aggregateID, bytes: 0)
    }

    package mutating func add(_ release: IndexedRelease, _ storedAt: Timestamp) {
        releases.append(release)
        summary.lastStoredAt = max(summary.lastStoredAt, storedAt)
    }

    /// Says how far the frames reach that readers see.
    mutating func extend(to end: Int) {
        summary.contentLength = max(summary.contentLength, end)
    }

    private mutating func add(_ commit: CommitPlace, to type: UInt32, _ id: UInt128, bytes: Int) -> Addition {
        guard let place = place(of: type, id) else {
            streams.append(Stream(id: id, type: type, bytes: bytes, first: commit))
            types[Int(type)].streamCount += 1
            if commit.firstVersion == 1 { types[Int(type)].beginningCount += 1 }
            let (streams, types) = (streams, types)
            streamSlots.insert(streams.count - 1, IndexHash.stream(types[Int(type)].tag, id)) { place in
                IndexHash.stream(types[Int(streams[place].type)].tag, streams[place].id)
            } keyOf: { place in
                StreamKey(type: streams[place].type, id: streams[place].id)
            }
            return .begins
        }
        let last = streams[place].lastVersion
        if commit.firstVersion != last + 1 { hasGaps = true }
        guard commit.firstVersion > last else { return .overlaps }
        streams[place].others.append(commit)
        streams[place].bytes += bytes
        return commit.firstVersion == last + 1 ? .follows : .leavesGap(last + 1...commit.firstVersion - 1)
    }
}

extension GrowingIndex {
    /// The last mark of those at the front of which a condition holds, and the offset of the mark behind it; nil where
    /// it holds for none. O(log bytes of the segment).
    func lastMark(where isBefore: (WalkMark) -> Bool) -> (mark: WalkMark, next: Int?)? {
        let next = marks.partitionPoint(where: isBefore) ?? marks.count
        guard next > 0 else { return nil }
        return (marks[next - 1], next < marks.count ? marks[next].offset : nil)
    }
}

extension GrowingIndex.Stream {
    /// Appends the commits that have some of a range of versions. O(log commits + found).
    func collectCommits(versions: ClosedRange<Int>, into commits: inout [CommitPlace]) {
        if first.lastVersion >= versions.lowerBound, first.firstVersion <= versions.upperBound { commits.append(first) }
        let begin = others.partitionPoint(where: { $0.lastVersion < versions.lowerBound }) ?? others.count
        for commit in others[begin...] {
            guard commit.firstVersion <= versions.upperBound else { return }
            commits.append(commit)
        }
    }
}

extension SidecarSummary {
    fileprivate mutating func add(_ header: FrameHeader, at offset: Int) {
        if commitCount == 0 {
            firstPosition = header.firstPosition
            firstStoredAt = header.storedAt
        }
        commitCount += 1
        eventCount += header.eventCount
        lastPosition = header.firstPosition + header.eventCount - 1
        lastStoredAt = max(lastStoredAt, header.storedAt)
        contentLength = max(contentLength, offset + header.frameLength)
    }
}
