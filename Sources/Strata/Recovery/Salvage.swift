import EventSourcing
import FoundationEssentials
import Logging

/// Brings over to a new store every commit of a damaged one that verifies.
struct Salvage {
    private static let batchBytes = 8 << 20

    /// How far a stream has come.
    private struct Stream {
        /// The version in the old store.
        var sourceVersion = 0
        /// The version in the new one.
        var version = 0
    }

    /// A stream as the header of a frame names it.
    private struct TaggedStream: Hashable {
        let tag: UInt32
        let id: UInt128

        init(tag: UInt32, id: UInt128) {
            self.tag = tag
            self.id = id
        }

        init(_ stream: StreamID) {
            self.init(tag: FrameHeader.tag(of: stream.aggregateType), id: stream.id.bits)
        }
    }

    private let source: any Device
    /// nil where there is none that can be trusted.
    private let manifest: Manifest?
    /// The segments that are read, in the order of their positions: without those that stand for nothing but what others
    /// hold, as far as a manifest tells.
    private let segments: [SegmentIdentity]
    /// The manifest's, or that of the first segment that has one.
    private let storeID: UInt128
    private var streams: [StreamID: Stream] = [:]
    private var losses: [SalvageReport.Loss] = []
    private var lostPositions = RangeSet<Int>()
    private var damage: [Damage] = []
    private var damagedHeaders: [FrameHeader] = []
    private var lastPosition = 0
    private var damagedSnapshots: [Damage] = []
    private var streamsWithoutState: [StreamID] = []
    private var commits = 0
    private var events = 0
    private var releases = 0
    private var batch: [LogEntry] = []
    /// The highest release of each stream: what is missing below its first live version is no loss.
    private var releasesOfStreams: [StreamID: Release] = [:]
    /// Where streams begin to lack versions.
    private var firstLostVersions: [StreamID: Int] = [:]
    private var batchBytes = 0
    /// The segment that is read.
    private var segment = SegmentIdentity(number: 1)

    /// Finds out what there is. May block.
    ///
    /// - Parameter source: the damaged store; what it cannot give is passed over.
    /// - Throws: ``StrataError/Code/locked``, ``StrataError/Code/unsupportedFormat``, ``StrataError/Code/notAStore`` where another
    ///   salvage has not finished it, ``StrataError/Code/damaged`` where not even the store's id can be read, and the codes of failed calls.
    init(of source: any Device) throws(StrataError) {
        guard try !ReaderOpening.hasWriter(source) else {
            throw StrataError(.locked, "the store is open for writing", path: source.path)
        }
        let source = TolerantDevice(source)
        self.source = source
        var manifest: Manifest?
        do throws(StrataError) {
            manifest = try Manifest.read(from: source)
            if manifest == nil { damage.append(Manifest.missing) }
        } catch  where error.code == .damaged {
            damage += error.damage
        }
        self.manifest = manifest
        let found = try ManifestRebuilding.segments(on: source)
        if let manifest {
            segments = found.filter { manifest.lists($0) || !manifest.hasReplaced($0) }
            storeID = manifest.storeID
        } else {
            segments = found
            storeID = try Self.storeID(of: found, on: source)
        }
    }

    private static func storeID(of segments: [SegmentIdentity], on source: any Device) throws(StrataError) -> UInt128 {
        let rebuilding = ManifestRebuilding(source)
        for segment in segments {
            if let header = try rebuilding.header(of: segment) { return header.storeID }
        }
        throw StrataError(.damaged, "no file of the store tells its id any longer", path: source.path)
    }

    /// Copies the log. Runs on the new log's own thread.
    mutating func copy(
        to log: isolated SegmentLog, progress: (JobProgress) -> Void
    ) throws(StrataError) {
        let total = try totalBytes()
        try readReleases()
        var done = 0
        for segment in segments {
            var failure: StrataError?
            var scanner = scanner(of: segment)
            self.segment = segment
            let scan = try scanner.run { offset in
                progress(JobProgress(bytesDone: done + offset, bytesTotal: total))
            } visit: { header, _, body in
                guard failure == nil else { return }
                do throws(StrataError) { try take(header, body, to: log) } catch { failure = error }
            } visitDamaged: { header, _ in
                damagedHeaders.append(header)
            }
            if let failure { throw failure }
            damage += scan.damage
            done += scan.bytes
            finish(scan)
        }
        try flush(to: log)
        addLossesAtTheEnd()
        do throws(LogFailure) { try log.reserve(through: lastPosition) } catch { throw error.error }
    }

    /// Copies each stream's latest snapshot that fits to what was saved: of a stream that has lost events, one of an event
    /// before them.
    ///
    /// - Returns: how many.
    mutating func copySnapshots(to destination: SnapshotLog) async throws(StrataError) -> Int {
        let (source, storeID) = (source, storeID)
        let versions = streams.mapValues(\.sourceVersion).merging(firstLostVersions) { $1 - 1 }
        let scan = try await BlockingReads.run { () throws(StrataError) in
            var scan = SnapshotScan(storeID: storeID, highestVersions: versions, on: source)
            try scan.run()
            return scan
        }
        damagedSnapshots = scan.damage
        var copied: Set<StreamID> = []
        let reader = SnapshotReader(index: scan.index, storeID: storeID, device: source)
        for (stream, entry) in scan.index.all where versions[stream] != nil {
            // That of an event which is released counts for nothing.
            if firstLostVersions[stream] != nil, entry.version < firstLiveVersion(of: stream) { continue }
            let snapshot: Snapshot
            do throws(StrataError) {
                snapshot = try await BlockingReads.run { () throws(StrataError) in try reader.snapshot(entry) }
            } catch {
                damagedSnapshots.append(
                    Damage(
                        file: StoreLayout.snapshotSegment(entry.segment), offset: entry.offset, reason: error.message))
                continue
            }
            try await destination.save(snapshot, body: SnapshotBody.encode(snapshot))
            copied.insert(stream)
        }
        noteStreamsWithoutState(besides: copied)
        return copied.count
    }

    /// Who truncates a stream without taking a snapshot loses nothing here.
    private mutating func noteStreamsWithoutState(besides copied: Set<StreamID>) {
        streamsWithoutState = streams.keys.filter { stream in
            guard let release = releasesOfStreams[stream], release.isTruncated, !release.isTombstoned else {
                return false
            }
            return !copied.contains(stream) && (firstLostVersions[stream] != nil || !damagedSnapshots.isEmpty)
        }.sorted { $0.description < $1.description }
    }

    func report(snapshots: Int) -> SalvageReport {
        SalvageReport(
            commits: commits, events: events, releases: releases, streams: streams.count, snapshots: snapshots,
            losses: losses,
            lostPositions: lostPositions.ranges.map { Position($0.lowerBound)...Position($0.upperBound - 1) },
            streamsWithoutState: streamsWithoutState, damage: damage, damagedSnapshots: damagedSnapshots)
    }

    private func firstLiveVersion(of stream: StreamID) -> Int { releasesOfStreams[stream]?.firstLiveVersion ?? 1 }

    /// Walks a segment, which may have a torn tail if it is the last one, or the one that the manifest says is appended to,
    /// whatever files lie behind it: what was never acknowledged as durable is no loss.
    private func scanner(of segment: SegmentIdentity) -> SegmentScanner {
        let isActive = manifest.map { segment == SegmentIdentity(number: $0.active) } ?? false
        let isSealed = segment != segments.last && !isActive
        return SegmentScanner(segment, storeID: storeID, isSealed: isSealed, on: source)
    }

    private func totalBytes() throws(StrataError) -> Int {
        var total = 0
        for segment in segments {
            total += min(try StoreFile(segment.name, .read, on: source).length(), Format.longestSegment)
        }
        return total
    }

    /// Goes on behind a segment. Positions that a compacted one stands for and does not hold were released, unless they
    /// were in a block that is damaged.
    private mutating func finish(_ scan: SegmentScan) {
        guard segment.isCompacted else { return }
        guard let end = end(of: scan) else {
            addLost(in: scan.damage)
            return
        }
        addLost(before: Int(clamping: segment.number))
        addLost(in: scan.damage)
        lastPosition = max(lastPosition, Int(clamping: end))
    }

    /// The last position that a compacted segment stands for; nil where it cannot be told, or where something that cannot
    /// be told is missing before it.
    private func end(of scan: SegmentScan) -> UInt64? {
        if let footer = scan.footer { return footer.lastPosition }
        let entry = manifest?.sealed.first { $0.identity == segment }
        return entry.flatMap { $0.eventCount == scan.eventCount ? $0.lastPosition : nil }
    }

    private mutating func addLost(in damage: [Damage]) {
        for positions in damage.compactMap(\.positions) {
            lostPositions.insert(contentsOf: positions.lowerBound.rawValue..<positions.upperBound.rawValue + 1)
        }
    }

    /// Counts as lost what no segment has told of that is before a position.
    private mutating func addLost(before position: Int) {
        guard position > lastPosition + 1 else { return }
        lostPositions.insert(contentsOf: lastPosition + 1..<position)
        lastPosition = position - 1
    }

    private mutating func take(
        _ header: FrameHeader, _ body: RawSpan, to log: isolated SegmentLog
    ) throws(StrataError) {
        if let release = EncodedRelease(decoding: body, header: header) { return try take(release, header, to: log) }
        guard
            header.firstPosition > lastPosition,
            let commit = EncodedCommit(copying: body, header: header)
        else { return }
        var stream = streams[commit.stream] ?? Stream()
        // A version that was there before comes only from a log that was put together by hand.
        guard header.firstVersion > stream.sourceVersion else { return }
        addLost(before: segment.isCompacted ? Int(clamping: segment.number) : header.firstPosition)
        passOver(to: header.firstVersion, of: commit.stream, &stream)
        batch.append(
            .commit(
                PositionedCommit(
                    commit: commit, firstVersion: stream.version + 1, firstPosition: header.firstPosition,
                    storedAt: header.storedAt)))
        batchBytes += commit.frameLength
        lastPosition = header.firstPosition + header.eventCount - 1
        stream.sourceVersion = header.firstVersion + header.eventCount - 1
        stream.version += header.eventCount
        streams[commit.stream] = stream
        if batchBytes >= Self.batchBytes { try flush(to: log) }
    }

    /// Takes a release over as it is: nothing below it is counted as lost, so that no version below it has moved.
    private mutating func take(
        _ encoded: EncodedRelease, _ header: FrameHeader, to log: isolated SegmentLog
    ) throws(StrataError) {
        guard encoded.release.firstLiveVersion <= firstLiveVersion(of: encoded.stream) else {
            // Versions have been passed over, or counted as lost, without it.
            throw StrataError(.ioFailure, "the store does not read the same twice; begin again", path: source.path)
        }
        var stream = streams[encoded.stream] ?? Stream()
        if stream.sourceVersion < encoded.release.lastVersion {
            passOver(to: encoded.release.firstLiveVersion, of: encoded.stream, &stream)
            stream.sourceVersion = encoded.release.lastVersion
        }
        streams[encoded.stream] = stream
        releases += 1
        batch.append(.release(StampedRelease(release: encoded, storedAt: header.storedAt)))
        batchBytes += encoded.frameLength
        if batchBytes >= Self.batchBytes { try flush(to: log) }
    }

    /// Goes on with a version of a stream. What is missing before it was released, and keeps its numbers, or is lost, and
    /// has later versions move up.
    private mutating func passOver(to version: Int, of id: StreamID, _ stream: inout Stream) {
        guard version > stream.sourceVersion + 1 else { return }
        let missing = stream.sourceVersion + 1...version - 1
        let firstLost = max(missing.lowerBound, firstLiveVersion(of: id))
        stream.version += min(firstLost, version) - missing.lowerBound
        guard firstLost <= missing.upperBound else { return }
        if firstLostVersions[id] == nil { firstLostVersions[id] = firstLost }
        losses.append(
            SalvageReport.Loss(
                aggregateType: id.aggregateType, aggregateID: id.id, versions: firstLost...missing.upperBound))
    }

    /// Learns what was released, before the first commit that lacks what stood before it.
    private mutating func readReleases() throws(StrataError) {
        for segment in segments {
            var scanner = scanner(of: segment)
            _ = try scanner.run { header, _, body in
                guard
                    let encoded = EncodedRelease(decoding: body, header: header),
                    encoded.release.firstLiveVersion >= firstLiveVersion(of: encoded.stream)
                else { return }
                releasesOfStreams[encoded.stream] = encoded.release
            }
        }
    }

    private mutating func flush(to log: isolated SegmentLog) throws(StrataError) {
        let outcome = log.store(batch)
        if let failure = outcome.failure { throw failure.error }
        for case .commit(let positioned) in batch {
            commits += 1
            events += positioned.commit.eventCount
        }
        batch.removeAll(keepingCapacity: true)
        batchBytes = 0
    }

    /// Losses that no later commit has shown, but the manifest, or a header of a frame whose body is gone.
    private mutating func addLossesAtTheEnd() {
        if let manifest { addLost(before: Int(clamping: manifest.active)) }
        guard !damagedHeaders.isEmpty else { return }
        let tagged = Dictionary(streams.keys.map { (TaggedStream($0), $0) }) { first, _ in first }
        for header in damagedHeaders {
            guard let versions = header.versions, let positions = header.positions else { continue }
            let known = tagged[TaggedStream(tag: header.aggregateTypeTag, id: header.aggregateID)]
            let firstLive = known.map { firstLiveVersion(of: $0) } ?? 1
            let reached = known.flatMap { streams[$0]?.sourceVersion } ?? 0
            if versions.lowerBound > reached, versions.upperBound >= firstLive {
                losses.append(
                    SalvageReport.Loss(
                        aggregateType: known?.aggregateType, aggregateID: UUID(bits: header.aggregateID),
                        versions: max(versions.lowerBound, firstLive)...versions.upperBound))
            }
            addLost(before: positions.upperBound.rawValue + 1)
        }
    }
}

extension SegmentLog {
    /// Fills an empty log from a damaged store.
    func fill(
        from salvage: Salvage, progress: @Sendable (JobProgress) -> Void
    ) throws(StrataError) -> Salvage {
        var salvage = salvage
        try salvage.copy(to: self, progress: progress)
        do throws(LogFailure) { try close() } catch { throw error.error }
        return salvage
    }
}
