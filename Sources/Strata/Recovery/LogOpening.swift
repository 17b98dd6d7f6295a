import EventSourcing
import FoundationEssentials
import Logging
import Synchronization

/// Reads the log of a store into an index.
///
/// Sealed segments are taken over by their sidecars where those can be believed. All others are walked, and get a sidecar
/// if they are sound.
struct LogOpening {
    let device: any Device
    let manifest: Manifest
    let logger: Logger
    let index = LogIndex()
    private(set) var damage: [Damage] = []
    /// What walking the active segment found.
    private(set) var active: SegmentScan
    /// The bytes of the segments that have been walked.
    private(set) var bytesRead = 0
    /// How many streams there are, where all segments were walked.
    var streamCount: Int? { versions?.count }
    private let onBytesRead: @Sendable (Int) -> Void
    private let progress: (@Sendable (JobProgress) -> Void)?

    /// nil where everything is to be walked.
    private let sidecars: SidecarFiles?
    /// Sidecars that get their names once the whole log is known to be sound.
    private var unfinished: [SegmentIdentity] = []
    /// The headers of commits whose bodies do not verify, by where they stand.
    private var damagedHeaders: [DamagedCommit: FrameHeader] = [:]
    /// Versions that are missing, as long as no release accounts for them.
    private var gaps: [Gap] = []
    /// The versions that streams have reached; nil once a sidecar has told of streams that nobody has listed.
    private var versions: [LogIndex.StreamKey: Int]? = [:]

    /// - Parameters:
    ///   - sidecars: nil where everything is to be walked, whatever the sidecars say.
    ///   - progress: told of sealed segments that have to be walked for want of a sidecar.
    ///   - onBytesRead: told how many bytes of files have been walked, the active segment's among them.
    init(
        manifest: Manifest, on device: any Device, sidecars: SidecarFiles? = nil, logger: Logger,
        progress: (@Sendable (JobProgress) -> Void)? = nil, onBytesRead: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.device = device
        self.manifest = manifest
        self.sidecars = sidecars
        self.progress = progress
        self.onBytesRead = onBytesRead
        self.logger = logger
        active = SegmentScan(SegmentIdentity(number: manifest.active))
    }

    /// Reads all segments.
    ///
    /// - Parameter besideWriter: whether a writer is at work. Then commits count only as far as they are known to be
    ///   durable, or were acknowledged without that.
    mutating func readSegments(besideWriter: Bool = false) throws(StrataError) {
        do throws(StrataError) {
            let loaded = manifest.sealed.map { sidecars?.load($0) }
            let missing = zip(manifest.sealed, loaded).filter { $0.1 == nil }.map(\.0)
            let progress = progress(ofWalking: missing)
            var walks = SealedSegmentWalks(missing, storeID: manifest.storeID, on: device, sidecars, progress)
            for (entry, sidecar) in zip(manifest.sealed, loaded) {
                if let sidecar { take(entry, sidecar) } else { take(try walks.next()) }
            }
            try readActive(besideWriter: besideWriter, progress)
        } catch {
            settleSidecars(keepingThem: false)
            throw error
        }
        if index.state.withLock({ !$0.releases.isEmpty }) { index.noteRelease() }
        reportGaps()
        nameDamagedStreams()
        settleSidecars(keepingThem: damage.isEmpty)
    }

    private func progress(ofWalking entries: [Manifest.SealedSegment]) -> WalkProgress {
        guard sidecars != nil, !entries.isEmpty else { return WalkProgress(onBytesRead) }
        logger.info("segments without a sidecar are read", metadata: ["segments": "\(entries.count)"])
        let total = entries.reduce(0) { $0 + Int(clamping: $1.bytes) }
        return WalkProgress { [onBytesRead, progress] in
            onBytesRead($0)
            progress?(JobProgress(bytesDone: min($0, total), bytesTotal: total))
        }
    }

    private mutating func take(_ entry: Manifest.SealedSegment, _ sidecar: Sidecar) {
        versions = nil
        index.state.withLock { state in
            state.addSealed(sidecar.types) { IndexedSegment(entry, sidecar, types: $0) }
        }
    }

    private mutating func take(_ walk: SealedSegmentWalk) {
        let entry = walk.entry
        var segment = noted(walk.indexing)
        damage += walk.damage
        compareVersions(of: segment)
        let sidecar = walk.sidecar.flatMap { sidecars?.keep($0, of: entry) }
        if sidecar == nil, sidecars != nil { segment.makeSearchable() }
        let (indexed, isDamaged) = (segment.index, !walk.damage.isEmpty)
        index.state.withLock { state in
            state.addSealed(indexed.types) { types in
                if let sidecar { return IndexedSegment(entry, sidecar, types: types) }
                return IndexedSegment(entry, indexed, isDamaged: isDamaged, types: types)
            }
        }
        if sidecar != nil { unfinished.append(entry.identity) }
    }

    private mutating func readActive(besideWriter: Bool, _ progress: WalkProgress) throws(StrataError) {
        let before = damage.count
        let readableEnd = besideWriter ? try readableEndOfActiveSegment() : nil
        let length = min((try? StoreFile(active.name, .read, on: device).length()) ?? 0, Format.longestSegment)
        var walked = progress.segment(bytes: length, contentLength: length)
        var indexing = try indexActive(to: readableEnd, &walked)
        // An append that found no room was taken back, and another one has come in its place: it reads well the second time.
        if besideWriter, !indexing.scan.damage.isEmpty { indexing = try indexActive(to: readableEnd, &walked) }
        walked.finish()
        if sidecars != nil { indexing.makeSearchable() }
        let segment = noted(indexing)
        active = segment.scan
        damage += segment.scan.damage
        compareVersions(of: segment)
        if !besideWriter { try checkForUnlistedSegments() }
        var part = LogIndex.ActiveSegmentIndex(active.segment, index: segment.index)
        part.end = max(part.end, min(segment.scan.end, readableEnd ?? .max))
        part.isDamaged = damage.count > before
        index.state.withLock { $0.addActive(part) }
    }

    private func indexActive(
        to readableEnd: Int?, _ walked: inout WalkProgress.Segment
    ) throws(StrataError) -> SegmentIndexing {
        try SegmentIndexing(
            active.segment, storeID: manifest.storeID, isSealed: false, readableEnd: readableEnd ?? .max, on: device
        ) { walked.reach($0) }
    }

    private func readableEndOfActiveSegment() throws(StrataError) -> Int {
        var scanner = SegmentScanner(active.segment, storeID: manifest.storeID, isSealed: false, on: device)
        return try scanner.run { _, _, _ in }.readableEnd
    }

    /// Notes what was found in a segment, and enters what is known to have been there.
    private mutating func noted(_ indexing: SegmentIndexing) -> SegmentIndexing {
        var indexing = indexing
        let segment = indexing.scan.segment
        bytesRead += indexing.scan.bytes
        for (header, offset) in indexing.damagedHeaders where offset < indexing.scan.firstUnlisted {
            damagedHeaders[DamagedCommit(file: segment.name, offset: offset)] = header
        }
        indexing.addDamaged(index)
        gaps += indexing.gaps.map {
            Gap(stream: $0.stream, versions: $0.versions, segment: segment, offset: $0.offset)
        }
        return indexing
    }

    /// Compares the first versions of a segment's streams with what the segments before it have.
    private mutating func compareVersions(of segment: SegmentIndexing) {
        guard var versions else { return }
        self.versions = nil
        let numbers = index.state.withLock { state in segment.index.types.map { state.types.add($0.name) } }
        for stream in segment.index.streams {
            let key = LogIndex.StreamKey(aggregateType: numbers[Int(stream.type)], id: stream.id)
            let known = versions[key] ?? 0
            if stream.firstVersion != known + 1, !stream.first.isMissing {
                let missing =
                    stream.firstVersion > known
                    ? known + 1...stream.firstVersion - 1 : stream.firstVersion...stream.firstVersion
                gaps.append(
                    Gap(
                        stream: StreamID(segment.index.types[Int(stream.type)].name, UUID(bits: stream.id)),
                        versions: missing, segment: segment.scan.segment, offset: stream.first.offset))
            }
            versions[key] = max(known, stream.lastVersion)
        }
        self.versions = versions
    }

    private struct Gap {
        let stream: StreamID
        let versions: ClosedRange<Int>
        let segment: SegmentIdentity
        let offset: Int
    }

    /// Reports versions that are missing before a commit. Released ones may be, and what other damage in this log
    /// explains is reported once, as that damage.
    private mutating func reportGaps() {
        guard damage.isEmpty else { return }
        var segments: Set<SegmentIdentity> = []
        for gap in gaps {
            guard let versions = index.unaccounted(gap.versions, of: gap.stream) else { continue }
            damage.append(
                Damage(
                    file: gap.segment.name, offset: gap.offset,
                    reason:
                        "versions \(versions.lowerBound) to \(versions.upperBound) of the frame's stream are missing",
                    versions: versions))
            segments.insert(gap.segment)
        }
        if !segments.isEmpty { index.markDamaged(segments) }
    }

    /// The damage that is there under a newer manifest as well: nobody needs what it does not list any longer.
    func damage(under newer: Manifest) -> [Damage] {
        damage.filter { damage in
            let name = damage.file.split(separator: "/").last.map(String.init) ?? damage.file
            guard let segment = SegmentIdentity(fileName: name) else { return true }
            if manifest.lists(segment) { return newer.lists(segment) }
            return !newer.lists(segment) && !newer.hasReplaced(segment)
        }
    }

    private struct DamagedCommit: Hashable {
        let file: String
        let offset: Int
    }

    /// Names the streams of damaged commits, once all types that the log names are known.
    private mutating func nameDamagedStreams() {
        guard !damagedHeaders.isEmpty else { return }
        damage = damage.map { damage in
            damage.naming(damagedHeaders[DamagedCommit(file: damage.file, offset: damage.offset)], index)
        }
    }

    /// Gives the sidecars that were made their names, or takes them away: a damaged store stays as it is.
    private mutating func settleSidecars(keepingThem areKept: Bool) {
        for segment in unfinished {
            if areKept { sidecars?.finish(segment) } else { sidecars?.discard(segment) }
        }
        unfinished = []
    }

    /// A segment that the manifest does not list is left over from a rollover that was cut off, and then it is empty, or
    /// from a compaction; another one with frames means that the manifest is older than the segments.
    private mutating func checkForUnlistedSegments() throws(StrataError) {
        // Where the directory is missing, so is the active segment, which is damage already.
        guard try device.kindOrFail(of: StoreLayout.events) == .directory else { return }
        // There it is what an unfinished backup has brought.
        if try BackupMarker.isPresent(on: device) { return }
        for name in try device.listOrFail(StoreLayout.events).sorted() {
            guard
                let segment = SegmentIdentity(fileName: name), !manifest.lists(segment),
                !manifest.hasReplaced(segment)
            else { continue }
            var scanner = SegmentScanner(segment, storeID: manifest.storeID, isSealed: false, on: device)
            if try scanner.holdsCommit() {
                let reason = "the manifest does not list this segment with events"
                damage.append(Damage(file: segment.name, offset: 0, reason: reason))
            }
            damage += device.damage(of: segment.name)
        }
    }
}

extension Damage {
    /// The same damage with the stream of a commit whose body it took, if the log names the stream's type.
    func naming(_ commit: FrameHeader?, _ log: LogIndex) -> Damage {
        guard let commit, let name = log.typeName(ofTag: commit.aggregateTypeTag) else { return self }
        return Damage(
            file: file, offset: offset, length: length, reason: reason,
            stream: StreamID(name, UUID(bits: commit.aggregateID)), versions: versions, positions: positions)
    }
}

extension Manifest.SealedSegment {
    /// What a manifest says of a sealed segment that was walked and is sound.
    init(_ scan: SegmentScan) {
        self.init(
            firstPosition: scan.number, lastPosition: scan.footer?.lastPosition ?? UInt64(max(0, scan.lastPosition)),
            bytes: UInt64(scan.bytes), eventCount: UInt64(scan.eventCount), commitCount: UInt64(scan.commitCount),
            digest: scan.digest.value, generation: scan.segment.generation, contentLength: UInt64(scan.contentLength))
    }

    /// Whether a sound segment is the one that the manifest describes.
    func matches(_ scan: SegmentScan) -> Bool {
        self == Manifest.SealedSegment(scan)
    }
}
