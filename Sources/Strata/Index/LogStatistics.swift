import EventSourcing
import Synchronization

/// What the log holds, by segment and by aggregate type. May block.
struct LogStatistics {
    private(set) var segments: [StoreStatistics.Segment] = []
    /// By name.
    private(set) var aggregateTypes: [StoreStatistics.AggregateType] = []
    /// The last event's position; 0 in an empty log.
    let lastPosition: Int
    /// Bytes of memory, from what the collections have room for.
    let memory: Int

    /// What truncations and tombstones have released of a segment.
    fileprivate struct Released {
        var events = 0
        var bytes = 0
    }

    private struct Release {
        let typeName: String
        let firstLiveVersion: Int
        /// Whether some segment shows the stream's first version.
        var isBeginningShown = false
    }

    init(_ index: LogIndex) throws(IndexFault) {
        let (sealed, active, known, names, last, memory) = index.state.withLock { state in
            (state.sealed, state.active, state.releases, state.types.names, state.lastPosition, state.memory)
        }
        let tags = names.map { FrameHeader.tag(of: $0) }
        var releases: [LogIndex.StreamKey: Release] = [:]
        var probes: [LogIndex.StreamKey: StreamProbe] = [:]
        for (key, release) in known {
            let type = Int(key.aggregateType)
            releases[key] = Release(typeName: names[type], firstLiveVersion: release.firstLiveVersion)
            probes[key] = StreamProbe(key, tag: tags[type])
        }
        lastPosition = last
        self.memory = memory
        var released = Array(repeating: Released(), count: sealed.count + 1)
        func note(_ part: StreamInSegment, of key: LogIndex.StreamKey, in place: Int) {
            guard let release = releases[key] else { return }
            released[place].add(part, below: release.firstLiveVersion)
            if part.firstVersion == 1 { releases[key]?.isBeginningShown = true }
        }
        for (place, segment) in sealed.enumerated() {
            try segment.forEachStream(of: probes, .verifying) { note($1, of: $0, in: place) }
        }
        for (key, release) in releases {
            guard
                let type = active.index.type(named: release.typeName), let stream = active.index.stream(type, key.id)
            else { continue }
            note(StreamInSegment(stream), of: key, in: sealed.count)
        }
        // Streams that have lost their first version, and whose beginning no segment shows.
        var unshown: [String: Int] = [:]
        for release in releases.values where !release.isBeginningShown { unshown[release.typeName, default: 0] += 1 }
        for (segment, released) in zip(sealed, released) {
            segments.append(StoreStatistics.Segment(segment, released.events, released.bytes))
        }
        segments.append(StoreStatistics.Segment(active, released[sealed.count].events, released[sealed.count].bytes))
        countTypes(sealed.flatMap(\.types) + active.index.types, unshown)
    }

    private mutating func countTypes(_ types: [IndexedType], _ unshown: [String: Int]) {
        var counts: [String: (streams: Int, events: Int)] = unshown.mapValues { ($0, 0) }
        for type in types {
            counts[type.name, default: (0, 0)].streams += type.beginningCount
            counts[type.name, default: (0, 0)].events += type.eventCount
        }
        aggregateTypes = counts.map { name, count in
            StoreStatistics.AggregateType(name: name, streams: count.streams, events: count.events)
        }.sorted { $0.name < $1.name }
    }
}

extension LogStatistics.Released {
    fileprivate mutating func add(_ part: StreamInSegment, below firstLiveVersion: Int) {
        let count = part.lastVersion - part.firstVersion + 1
        let released = min(max(0, firstLiveVersion - part.firstVersion), count)
        guard released > 0 else { return }
        events += released
        bytes += released == count ? part.bytes : Int(Double(part.bytes) * Double(released) / Double(count))
    }
}

extension StoreStatistics.Segment {
    fileprivate init(_ segment: IndexedSegment, _ releasedEvents: Int, _ releasedBytes: Int) {
        self.init(
            file: segment.identity.name, isSealed: true, isCompacted: segment.identity.isCompacted,
            bytes: Int(clamping: segment.entry.bytes), contentBytes: segment.summary.contentLength,
            summary: segment.summary, releasedEvents: releasedEvents, releasedBytes: releasedBytes,
            sidecarBytes: segment.sidecar?.fileLength ?? 0, filterBytes: segment.sidecar?.filterBytes ?? 0)
    }

    fileprivate init(_ segment: LogIndex.ActiveSegmentIndex, _ releasedEvents: Int, _ releasedBytes: Int) {
        self.init(
            file: segment.identity.name, isSealed: false, isCompacted: false, bytes: segment.end,
            contentBytes: segment.end, summary: segment.index.summary, releasedEvents: releasedEvents,
            releasedBytes: releasedBytes, sidecarBytes: 0, filterBytes: 0)
    }

    private init(
        file: String, isSealed: Bool, isCompacted: Bool, bytes: Int, contentBytes: Int, summary: SidecarSummary,
        releasedEvents: Int, releasedBytes: Int, sidecarBytes: Int, filterBytes: Int
    ) {
        self.init(
            file: file, isSealed: isSealed, isCompacted: isCompacted, bytes: bytes, contentBytes: contentBytes,
            events: summary.eventCount, commits: summary.commitCount, releasedEvents: releasedEvents,
            releasedBytes: releasedBytes, sidecarBytes: sidecarBytes, filterBytes: filterBytes,
            positions: summary.commitCount == 0
                ? nil
                : Position(summary.firstPosition)...Position(max(summary.firstPosition, summary.lastPosition)))
    }
}

extension LogIndex.State {
    /// Bytes, from what the collections have room for.
    fileprivate var memory: Int {
        let slot = MemoryLayout<LogIndex.StreamKey>.stride + MemoryLayout<Int>.stride
        let sealed = sealed.reduce(0) { $0 + ($1.sidecar?.filterBytes ?? $1.memory?.memory ?? 0) }
        return versions.capacity * 4 / 3 * slot + sealed + groups.bytes + active.index.memory
    }
}

extension GrowingIndex {
    fileprivate var memory: Int {
        streams.capacity * MemoryLayout<Stream>.stride
            + streams.reduce(0) { $0 + $1.others.capacity * MemoryLayout<CommitPlace>.stride } + events.memory
            + marks.capacity * MemoryLayout<WalkMark>.stride
    }
}
