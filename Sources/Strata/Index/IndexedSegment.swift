import EventSourcing

/// Why the index has no answer.
enum IndexFault: Error {
    /// Ask again where that may block; see ``SidecarFault/unverified``.
    case unverified
    /// The index of a segment cannot be trusted: it must be made anew, and then be asked again.
    case damaged(IndexedSegment)
}

/// A sealed segment with its index. It never changes: what becomes of the segment is another one.
final class IndexedSegment: Sendable {
    private enum Contents: Sendable {
        case sidecar(Sidecar)
        /// Of a segment that has no sidecar yet, or that is damaged and can have none.
        case memory(GrowingIndex)
    }

    let entry: Manifest.SealedSegment
    /// Whether something in it, or of it, cannot be read: a walk through it is not complete.
    let isDamaged: Bool
    private let contents: Contents
    private let typePlaces: TypePlaces

    private init(_ entry: Manifest.SealedSegment, _ contents: Contents, _ typePlaces: TypePlaces, isDamaged: Bool) {
        self.entry = entry
        self.contents = contents
        self.typePlaces = typePlaces
        self.isDamaged = isDamaged
    }

    /// The same segment, known to be damaged.
    var damaged: IndexedSegment { IndexedSegment(entry, contents, typePlaces, isDamaged: true) }

    init(_ entry: Manifest.SealedSegment, _ sidecar: Sidecar, types: borrowing TypeTable) {
        self.entry = entry
        isDamaged = false
        contents = .sidecar(sidecar)
        typePlaces = types.places(of: sidecar.types)
    }

    init(_ entry: Manifest.SealedSegment, _ index: GrowingIndex, isDamaged: Bool, types: borrowing TypeTable) {
        self.entry = entry
        self.isDamaged = isDamaged
        contents = .memory(index)
        typePlaces = types.places(of: index.types)
    }

    var identity: SegmentIdentity { entry.identity }
    /// The last position of the range that the segment covers.
    var lastPosition: Int { Int(clamping: entry.lastPosition) }

    /// nil while there is none, or can be none.
    var sidecar: Sidecar? {
        if case .sidecar(let sidecar) = contents { sidecar } else { nil }
    }

    /// nil of a segment that has a sidecar.
    var memory: GrowingIndex? {
        if case .memory(let index) = contents { index } else { nil }
    }

    /// Tells of event ids that they are not in the segment, as long as this object lives; nil where there is none.
    var filter: BinaryFuseFilter.View? { sidecar?.filter }

    var summary: SidecarSummary {
        switch contents {
        case .sidecar(let sidecar): sidecar.summary
        case .memory(let index): index.summary
        }
    }

    var types: [IndexedType] {
        switch contents {
        case .sidecar(let sidecar): sidecar.types
        case .memory(let index): index.types
        }
    }

    var releases: [IndexedRelease] {
        switch contents {
        case .sidecar(let sidecar): sidecar.releases
        case .memory(let index): index.releases
        }
    }

    /// The place of one of the store's aggregate types among the segment's; nil where the segment does not name it.
    func place(ofType type: UInt32) -> Int? {
        typePlaces[type]
    }

    /// What the segment has of a stream; nil where that is nothing.
    func stream(_ probe: StreamProbe, _ access: SidecarAccess) throws(IndexFault) -> StreamInSegment? {
        guard let type = place(ofType: probe.key.aggregateType) else { return nil }
        switch contents {
        case .memory(let index): return index.stream(type, probe.key.id).map { StreamInSegment($0) }
        case .sidecar(let sidecar):
            return try asking { () throws(SidecarFault) in
                try sidecar.stream(type, probe.key.id, hash: probe.hash, access).map { StreamInSegment($0) }
            }
        }
    }

    /// How many streams have commits in the segment.
    private var streamCount: Int {
        switch contents {
        case .sidecar(let sidecar): sidecar.streamCount
        case .memory(let index): index.streams.count
        }
    }

    /// Calls `body` with what the segment has of some streams. O(streams), or O(the segment's) where those are fewer.
    func forEachStream(
        of probes: [LogIndex.StreamKey: StreamProbe], _ access: SidecarAccess,
        _ body: (LogIndex.StreamKey, StreamInSegment) -> Void
    ) throws(IndexFault) {
        if probes.count <= streamCount {
            for (key, probe) in probes {
                if let part = try stream(probe, access) { body(key, part) }
            }
            return
        }
        let numbers = typePlaces.numbers
        func visit(_ type: Int, _ id: UInt128, _ part: StreamInSegment) {
            guard let number = numbers[type] else { return }
            let key = LogIndex.StreamKey(aggregateType: number, id: id)
            if probes[key] != nil { body(key, part) }
        }
        switch contents {
        case .memory(let index):
            for stream in index.streams { visit(Int(stream.type), stream.id, StreamInSegment(stream)) }
        case .sidecar(let sidecar):
            try asking { () throws(SidecarFault) in
                for place in 0..<sidecar.streamCount {
                    let stream = try sidecar.stream(at: place, access)
                    visit(stream.type, stream.id, StreamInSegment(stream))
                }
            }
        }
    }

    /// Appends the commits of a stream that have some of a range of versions.
    func collectCommits(
        of stream: StreamInSegment, versions: ClosedRange<Int>, into commits: inout [CommitPlace],
        _ access: SidecarAccess
    ) throws(IndexFault) {
        switch stream.contents {
        case .memory(let stream): stream.collectCommits(versions: versions, into: &commits)
        case .sidecar(let stream):
            guard let sidecar else { return }
            try asking { () throws(SidecarFault) in
                try sidecar.collectCommits(of: stream, versions: versions, into: &commits, access)
            }
        }
    }

    /// Appends the offsets of frames that may hold an event.
    func collectEvents(_ hash: UInt64, into offsets: inout [Int], _ access: SidecarAccess) throws(IndexFault) {
        switch contents {
        case .memory(let index): index.events.collect(hash, into: &offsets)
        case .sidecar(let sidecar):
            try asking { () throws(SidecarFault) in try sidecar.collectEvents(hash, into: &offsets, access) }
        }
    }

    /// The last mark of those at the front of which a condition holds, and the offset of the mark behind it; nil where
    /// it holds for none.
    func lastMark(
        _ access: SidecarAccess, where isBefore: (WalkMark) -> Bool
    ) throws(IndexFault) -> (mark: WalkMark, next: Int?)? {
        switch contents {
        case .memory(let index): index.lastMark(where: isBefore)
        case .sidecar(let sidecar):
            try asking { () throws(SidecarFault) in
                guard let (mark, index) = try sidecar.lastMark(access, where: isBefore) else { return nil }
                return (mark, try sidecar.mark(ifAny: index + 1, access)?.offset)
            }
        }
    }

    private func asking<Answer>(_ body: () throws(SidecarFault) -> Answer) throws(IndexFault) -> Answer {
        do throws(SidecarFault) {
            return try body()
        } catch {
            switch error {
            case .unverified: throw .unverified
            case .damaged: throw .damaged(self)
            }
        }
    }
}

/// What a segment has of a stream.
struct StreamInSegment {
    fileprivate enum Contents {
        case sidecar(SidecarStream)
        case memory(GrowingIndex.Stream)
    }

    fileprivate let contents: Contents
    let firstVersion: Int
    let lastVersion: Int
    /// Of the stream's frames in the segment.
    let bytes: Int

    fileprivate init(_ stream: SidecarStream) {
        contents = .sidecar(stream)
        firstVersion = stream.firstVersion
        lastVersion = stream.lastVersion
        bytes = stream.bytes
    }

    init(_ stream: GrowingIndex.Stream) {
        contents = .memory(stream)
        firstVersion = stream.firstVersion
        lastVersion = stream.lastVersion
        bytes = stream.bytes
    }
}
