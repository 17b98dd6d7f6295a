import EventSourcing
import Synchronization

/// Where everything in the log is: what readers may see of it, by stream, by event id and by position.
///
/// The writer adds frames when readers may see them; readers copy out what they need and never wait longer than that
/// takes. All operations on one stream or event are O(1) or O(log n).
final class LogIndex: Sendable {
    struct StreamKey: Hashable {
        let aggregateType: UInt32
        let id: UInt128
    }

    /// A segment as readers see it.
    struct Segment: Sendable {
        let identity: SegmentIdentity
        /// Where the frames end that readers may see.
        var end: Int
        var bytes: Int
        var eventCount = 0
        var commitCount = 0
        var lastPosition: Int
        var isSealed = false
        /// Whether something in it, or of it, cannot be read: a walk through it is not complete.
        var isDamaged = false
        /// Marks in the segment from which a walk can begin, at least ``LogIndex/blockBytes`` apart.
        var blocks: [Block] = []

        var number: UInt64 { identity.number }
    }

    /// A frame from which a walk can begin.
    struct Block: Sendable {
        let firstPosition: Int
        let storedAt: Timestamp
        let offset: Int
    }

    /// A commit that readers may see from now on.
    struct Entry {
        let aggregateID: UInt128
        let firstVersion: Int
        let firstPosition: Int
        let storedAt: Timestamp
        let offset: Int
        let frameLength: Int
        let eventCount: Int
    }

    struct State: ~Copyable {
        var typeNumbers: [String: UInt32] = [:]
        var typeNames: [String] = []
        /// The locations of a stream's versions, from 1 on or from behind those that are counted in ``bases``.
        var streams: [StreamKey: [Location]] = [:]
        /// How many versions of a stream were released and have no location.
        var bases: [StreamKey: Int] = [:]
        /// The latest truncation or tombstone of each stream that has one.
        var releases: [StreamKey: Release] = [:]
        var eventIDs = EventIDTable()
        var segments: [Segment] = []
        var lastStoredAt = Timestamp.distantPast
        var lastPosition = 0
        var durablePosition = 0
        /// How many more events can have been lost: no more than the files that were walked have room for.
        var roomForLostEvents = 0
    }

    static let blockBytes = 64 << 10

    let state = Mutex(State())

    /// Makes room for a number of events that are about to be added.
    func reserve(eventCount: Int) {
        state.withLock { $0.eventIDs = EventIDTable(expectedCount: eventCount) }
    }

    /// Adds a segment behind all others.
    ///
    /// - Parameter fileBytes: the length of the file that is about to be walked; nothing where it is new.
    func addSegment(_ identity: SegmentIdentity, fileBytes: Int = 0) {
        state.withLock { state in
            state.roomForLostEvents += fileBytes / Format.eventHeaderBytes
            state.segments.append(
                Segment(
                    identity: identity, end: Format.segmentHeaderBytes, bytes: Format.segmentHeaderBytes,
                    lastPosition: Int(identity.number) - 1))
        }
    }

    /// Says how far the frames and the bytes of the last segment reach.
    func extendLastSegment(to end: Int, isSealed: Bool = false) {
        state.withLock { state in
            let last = state.segments.count - 1
            state.segments[last].end = max(state.segments[last].end, end)
            state.segments[last].bytes = max(state.segments[last].bytes, end)
            state.segments[last].isSealed = isSealed
        }
    }

    /// Says that the last segment is not whole.
    ///
    /// - Parameter lastPosition: the last position that it held, as far as that is known.
    func markLastSegmentDamaged(lastPosition: Int = 0) {
        state.withLock { state in
            let last = state.segments.count - 1
            state.segments[last].isDamaged = true
            state.segments[last].lastPosition = max(state.segments[last].lastPosition, lastPosition)
        }
    }

    /// Says that a segment lacks events, where nothing but later segments has shown it.
    func markSegmentDamaged(_ identity: SegmentIdentity) {
        state.withLock { state in
            guard let ordinal = state.segments.firstIndex(where: { $0.identity == identity }) else { return }
            state.segments[ordinal].isDamaged = true
        }
    }

    /// Says that everything up to a position is durable.
    func setDurable(upTo position: Int) {
        state.withLock { $0.durablePosition = max($0.durablePosition, position) }
    }
}

extension LogIndex.State {
    /// The key of a stream; nil where no event of its aggregate type was ever stored.
    func key(of stream: StreamID) -> LogIndex.StreamKey? {
        typeNumbers[stream.aggregateType].map { LogIndex.StreamKey(aggregateType: $0, id: stream.id.bits) }
    }

    mutating func number(ofType name: String) -> UInt32 {
        if let number = typeNumbers[name] { return number }
        let number = UInt32(typeNames.count)
        typeNames.append(name)
        typeNumbers[name] = number
        return number
    }

    /// Adds a commit of the last segment.
    ///
    /// - Returns: the versions that are missing before it, if the commit does not follow its stream's last one.
    mutating func add(
        _ entry: LogIndex.Entry, aggregateType: UInt32, eventIDs ids: some Collection<UInt128>
    ) -> ClosedRange<Int>? {
        let ordinal = segments.count - 1
        let location = Location(segment: ordinal, offset: entry.offset)
        let end = entry.offset + entry.frameLength
        let missing = addVersions(entry, at: location, aggregateType: aggregateType)
        for id in ids { eventIDs.insert(id, at: location) }
        lastPosition = entry.firstPosition + entry.eventCount - 1
        lastStoredAt = max(lastStoredAt, entry.storedAt)
        segments[ordinal].add(entry, end: end)
        return missing
    }

    private mutating func addVersions(
        _ entry: LogIndex.Entry, at location: Location, aggregateType: UInt32
    ) -> ClosedRange<Int>? {
        let key = LogIndex.StreamKey(aggregateType: aggregateType, id: entry.aggregateID)
        let version = version(of: key)
        // A version at or below the stream's own comes only from a log that was put together by hand.
        guard entry.firstVersion > version else { return entry.firstVersion...entry.firstVersion }
        let missing = entry.firstVersion > version + 1 ? version + 1...entry.firstVersion - 1 : nil
        guard addMissing(entry.firstVersion - 1 - version, to: key) else { return missing }
        streams[key, default: []].append(contentsOf: repeatElement(location, count: entry.eventCount))
        return missing
    }

    /// Adds versions to a stream that cannot be read, so that its readers learn of it.
    ///
    /// They take memory, and a forged header must not make them take more than damage could: where the files never had
    /// room for so many events, the stream ends with one version that cannot be read.
    ///
    /// - Returns: whether all were added.
    private mutating func addMissing(_ count: Int, to key: LogIndex.StreamKey) -> Bool {
        guard count > 0 else { return true }
        guard count <= roomForLostEvents else {
            if streams[key]?.last != .missing { streams[key, default: []].append(.missing) }
            return false
        }
        roomForLostEvents -= count
        streams[key, default: []].append(contentsOf: repeatElement(.missing, count: count))
        return true
    }

    /// Marks the versions of a commit that cannot be read, so that readers of the stream learn of it; a release counts
    /// as far as its header tells of it.
    mutating func addDamaged(_ header: FrameHeader) {
        guard
            let name = typeNames.first(where: { FrameHeader.tag(of: $0) == header.aggregateTypeTag }),
            let number = typeNumbers[name]
        else { return }
        let key = LogIndex.StreamKey(aggregateType: number, id: header.aggregateID)
        if let release = Release(header) { return add(release, to: key) }
        guard header.firstVersion == version(of: key) + 1 else { return }
        _ = addMissing(header.eventCount, to: key)
    }
}

extension LogIndex.Segment {
    fileprivate mutating func add(_ entry: LogIndex.Entry, end: Int) {
        if blocks.last.map({ entry.offset - $0.offset >= LogIndex.blockBytes }) ?? true {
            blocks.append(
                LogIndex.Block(firstPosition: entry.firstPosition, storedAt: entry.storedAt, offset: entry.offset))
        }
        eventCount += entry.eventCount
        commitCount += 1
        lastPosition = entry.firstPosition + entry.eventCount - 1
        self.end = max(self.end, end)
        bytes = max(bytes, end)
    }
}
