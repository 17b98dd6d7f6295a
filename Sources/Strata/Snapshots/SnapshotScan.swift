import EventSourcing
import FoundationEssentials

/// What walking the snapshot segments found. What does not verify is passed over, because a snapshot that is lost costs
/// a replay; it is damage where it was known to be durable, and otherwise what a crash leaves.
struct SnapshotScan {
    /// A segment that ends properly, so that snapshots can be appended to it.
    struct Open {
        let number: UInt64
        let end: Int
        /// Everything below is known to be durable.
        let durableMark: Int
    }

    /// How often segments may be removed while they are walked, or behind the log's being read.
    private static let attempts = 20

    private let storeID: UInt128
    private let device: any Device
    let index = SnapshotIndex()
    private(set) var damage: [Damage] = []
    /// The calls that failed; what they should have read is among the damage.
    private(set) var failedCalls: [StrataError] = []
    private(set) var bytes = 0
    private(set) var snapshots = 0
    /// Above which the snapshots of some streams do not count.
    private let highestVersions: [StreamID: Int]
    /// The highest number of a segment.
    private(set) var lastNumber: UInt64 = 0
    /// Whether a segment does not end with a mark, or is what is left of a removal. What a process failed to write behind its end, and to take back, may be
    /// there once the power has been gone, and a deletion in it may be gone.
    private(set) var mayHideChanges = false
    /// The last segment, if it can be appended to.
    private(set) var appendable: Open?

    init(storeID: UInt128, highestVersions: [StreamID: Int] = [:], on device: any Device) {
        self.storeID = storeID
        self.highestVersions = highestVersions
        self.device = device
    }

    /// The segments of snapshots that there are, by number.
    static func segments(on device: any Device) throws(StrataError) -> [UInt64] {
        var files = try files(on: device)
        var attempt = 1
        while true {
            // Why one cannot be opened is for whoever reads it to find out.
            let segments = files.filter { (try? device.hasContent(StoreLayout.snapshotSegment($0))) ?? true }
            guard segments.count < files.count, attempt < attempts else { return segments }
            // A compaction may be taking those without content away, and the one in which they live on was not listed yet.
            let now = try Self.files(on: device)
            guard now != files else { return segments }
            files = now
            attempt += 1
        }
    }

    /// The files of segments that there are, by number: empty ones as well, which are left of a removal that was perhaps not
    /// durable, or of a segment that was not made.
    static func files(on device: any Device) throws(StrataError) -> [UInt64] {
        guard try device.kindOrFail(of: StoreLayout.snapshots) == .directory else { return [] }
        return try device.listOrFail(StoreLayout.snapshots).compactMap { StoreLayout.number(ofSegment: $0) }.sorted()
    }

    /// Files that count for nothing.
    struct Leftovers {
        /// Without content: what is left of removals.
        var removed: [String] = []
        var unfinished: [String] = []
    }

    static func leftovers(on device: any Device) throws(StrataError) -> Leftovers {
        guard try device.kindOrFail(of: StoreLayout.snapshots) == .directory else { return Leftovers() }
        let files = try files(on: device)
        let segments = Set(try segments(on: device))
        return Leftovers(
            removed: files.filter { !segments.contains($0) }.map(StoreLayout.snapshotSegment),
            unfinished: try device.listOrFail(StoreLayout.snapshots).sorted()
                .filter { $0.hasSuffix(FileSystemDevice.replacementSuffix) }.map { "\(StoreLayout.snapshots)/\($0)" })
    }

    /// Removes what is not finished, and what is left of removals, before anything is removed that stands behind it.
    static func remove(_ leftovers: Leftovers, on device: any Device) throws(StrataError) {
        // In no order: only the one at which a removal was cut off may still have something to come back with.
        try device.removeForGood(leftovers.removed)
        for name in leftovers.unfinished { try device.removeIfPresent(name) }
    }

    /// Walks all segments; from the beginning again where a compaction has removed one meanwhile.
    mutating func run(progress: (Int) -> Void = { _ in }) throws(StrataError) {
        var shown = 0
        for attempt in 1...Self.attempts {
            var scan = SnapshotScan(storeID: storeID, highestVersions: highestVersions, on: device)
            let isComplete = try scan.walk(isLastAttempt: attempt == Self.attempts) { bytes in
                shown = max(shown, bytes)
                progress(shown)
            }
            guard isComplete else { continue }
            self = scan
            return
        }
    }

    /// Walks the segments that there are now.
    ///
    /// - Returns: false where one has been removed meanwhile; at the last attempt that is damage.
    private mutating func walk(isLastAttempt: Bool, progress: (Int) -> Void) throws(StrataError) -> Bool {
        let files = try Self.files(on: device)
        let segments = try Self.segments(on: device)
        lastNumber = files.last ?? 0
        // The content of one that was emptied may come back.
        if files.count > segments.count { mayHideChanges = true }
        for number in segments {
            appendable = nil
            do throws(StrataError) {
                try read(number)
            } catch {
                guard error.code != .cancelled else { throw error }
                if error.code == .notFound, !isLastAttempt { return false }
                // A segment that cannot be read costs replays; it is no reason not to open the store.
                appendable = nil
                if error.systemErrorNumber != nil { failedCalls.append(error) }
                damage.append(
                    Damage(file: StoreLayout.snapshotSegment(number), offset: error.offset ?? 0, reason: error.message))
                index.removeAll()
            }
            progress(bytes)
        }
        return true
    }

    /// The snapshots that count for whoever reads a log beside its writer.
    ///
    /// A compaction removes a snapshot once a later one is of a durable event. Where it does so behind the log's being read, the
    /// log does not show that event yet, and no snapshot counts: then the log is read again.
    ///
    /// - Parameters:
    ///   - segments: those that there were before the log was read.
    ///   - refresh: reads the log again.
    static func ofReader(
        _ log: LogReader, having segments: [UInt64], _ refresh: ReaderRefresh, storeID: UInt128, on device: any Device
    ) throws(StrataError) -> SnapshotScan {
        var segments = segments
        var attempt = 1
        while true {
            var scan = SnapshotScan(storeID: storeID, on: device)
            try scan.run()
            let ahead = try scan.aheadOfStreams(log)
            for (stream, older) in ahead { scan.index[stream] = older }
            let left = try Self.segments(on: device)
            let isOvertaken = ahead.values.contains { $0 == nil } && segments.contains { !left.contains($0) }
            guard isOvertaken, attempt < attempts else { return scan }
            attempt += 1
            segments = left
            // A log that can be read in part is read as it was.
            guard (try? refresh.run()) != nil else { return scan }
        }
    }

    /// The streams of snapshots that know of events which the log does not have, because they were made of appends that a
    /// crash has taken back; each with its latest snapshot that the log has the events of, if there is one.
    func aheadOfStreams(_ log: LogReader) throws(StrataError) -> [StreamID: SnapshotIndex.Entry?] {
        var versions: [StreamID: Int] = [:]
        let latest = index.all
        let known = try log.ask { index throws(IndexFault) in try index.versions(of: latest.keys, .verifying) }
        for (stream, entry) in latest {
            let version = known[stream] ?? 0
            if entry.version > version { versions[stream] = version }
        }
        guard !versions.isEmpty else { return [:] }
        var older = SnapshotScan(storeID: storeID, highestVersions: versions, on: device)
        try older.run()
        var ahead: [StreamID: SnapshotIndex.Entry?] = [:]
        for stream in versions.keys { ahead.updateValue(older.index[stream], forKey: stream) }
        return ahead
    }

    private mutating func read(_ number: UInt64) throws(StrataError) {
        let name = StoreLayout.snapshotSegment(number)
        let file = try StoreFile(name, .read, on: device)
        // What no segment can be is not read: a sparse file costs nothing to make as long as a file can be.
        let length = try file.segmentLength()
        guard length > 0 else {
            throw StrataError(.notFound, "the segment has been removed", path: file.path)
        }
        bytes += length
        let start = try file.read(Format.segmentHeaderBytes, at: 0)
        let decoded = Result { () throws(FormatError) in try SegmentHeader(decoding: start.span.bytes) }
        // Snapshots of a newer program are none for this one.
        if case .failure(.newerVersion) = decoded { return }
        guard
            case .success(let header) = decoded, header.kind == .snapshots, header.storeID == storeID,
            header.number == number
        else {
            // The header is durable before any frame is written: where there is none, a crash has left what it had of it.
            if length > Format.segmentHeaderBytes {
                damage.append(
                    Damage(file: name, offset: 0, length: length, reason: "the segment's header does not verify"))
                index.removeAll()
            }
            return
        }
        var scanner = FrameScanner(SegmentContent(file, binding: header.binding), to: length)
        var isSound = true
        var durableMark = Format.segmentHeaderBytes
        var highestMark: Int?
        var isMarked = false
        defer {
            if !isMarked { mayHideChanges = true }
            damage += device.damage(of: name)
        }
        while true {
            switch try scanner.next() {
            case .end:
                // Where no frame follows the header, its maker may have failed to make the file's name durable.
                if isSound, length > Format.segmentHeaderBytes {
                    appendable = Open(number: number, end: length, durableMark: durableMark)
                }
                return
            case .frame(let header) where take(header, scanner, number):
                durableMark = max(durableMark, header.durableMark)
                isMarked = header.kind == .mark
            case let step:
                isSound = false
                isMarked = false
                let offset = scanner.offset
                if highestMark == nil { highestMark = try scanner.highestMark(behind: offset) }
                let next = try scanner.nextHeader(from: offset + Format.alignment)?.offset ?? length
                let isLost = device.damage(of: name).contains { $0.offsets.overlaps(offset..<next) }
                if isLost || highestMark.map({ $0 > offset }) == true {
                    damage.append(
                        Damage(file: name, offset: offset, length: next - offset, reason: "the frame does not verify"))
                    // It may have been a deletion, of any of the snapshots before it.
                    if !step.isSnapshot(endingAt: isLost ? next : nil, from: offset) { index.removeAll() }
                }
                scanner.move(to: next)
            }
        }
    }

    private mutating func take(_ header: FrameHeader, _ scanner: FrameScanner, _ number: UInt64) -> Bool {
        switch header.kind {
        case .snapshot:
            guard let body = scanner.withBody({ SnapshotBody(decoding: $0, header: header) }) else { return false }
            snapshots += 1
            let stream = StreamID(body.aggregateType, UUID(bits: header.aggregateID))
            if let highest = highestVersions[stream], header.firstVersion > highest { return true }
            index[stream] = SnapshotIndex.Entry(
                segment: number, offset: scanner.offset, frameLength: header.frameLength,
                version: header.firstVersion, schemaVersion: body.schemaVersion, createdAt: body.createdAt,
                contentType: body.contentType, stateLength: body.stateLength)
            return true
        case .snapshotDeletion:
            guard let type = scanner.withBody({ AggregateTypeBody.aggregateType(in: $0, header: header) })
            else { return false }
            index[StreamID(type, UUID(bits: header.aggregateID))] = nil
            return true
        case .mark: return true
        case .commit, .open, .footer, .truncation, .tombstone: return false
        }
    }
}

extension FrameScanner.Step {
    /// Whether the frame at an offset is a snapshot whose body does not verify.
    ///
    /// - Parameter end: where it has to end; nil where that does not matter.
    fileprivate func isSnapshot(endingAt end: Int?, from start: Int) -> Bool {
        guard case .damagedBody(let header) = self, header.kind == .snapshot else { return false }
        return end.map { $0 == Format.aligned(start + header.frameLength) } ?? true
    }
}
