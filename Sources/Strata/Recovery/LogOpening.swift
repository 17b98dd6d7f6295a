import EventSourcing
import FoundationEssentials
import Logging
import Synchronization

/// Reads the log of a store into an index.
struct LogOpening {
    let device: any Device
    let manifest: Manifest
    let logger: Logger
    let index = LogIndex()
    private(set) var damage: [Damage] = []
    /// The headers of commits whose bodies do not verify, by where they stand.
    private var damagedHeaders: [DamagedCommit: FrameHeader] = [:]
    /// Versions that are missing, as long as no release accounts for them.
    private var gaps: [Gap] = []
    /// What walking the active segment found.
    private(set) var active: SegmentScan
    /// The bytes of the segments that have been walked.
    private(set) var bytesRead = 0
    /// Told how many bytes have been walked.
    var onProgress: (Int) -> Void = { _ in }

    init(manifest: Manifest, on device: any Device, logger: Logger) {
        self.device = device
        self.manifest = manifest
        self.logger = logger
        active = SegmentScan(SegmentIdentity(number: manifest.active))
    }

    /// Walks all segments.
    ///
    /// - Parameter besideWriter: whether a writer is at work. Then commits count only as far as they are known to be
    ///   durable, or were acknowledged without that.
    mutating func readSegments(besideWriter: Bool = false) throws(StrataError) {
        try reserveForSealedSegments()
        for sealed in manifest.sealed {
            let before = damage.count
            let scan = try readSegment(sealed.identity, isSealed: true)
            if scan.damage.isEmpty, !sealed.matches(scan) {
                damage.append(
                    Damage(file: scan.name, offset: 0, reason: "this is not the segment that the manifest lists"))
            }
            index.extendLastSegment(to: scan.end, isSealed: true)
            if damage.count > before {
                index.markLastSegmentDamaged(lastPosition: Int(clamping: sealed.lastPosition))
            }
        }
        let before = damage.count
        let readableEnd = besideWriter ? try readableEndOfActiveSegment() : nil
        active = try readSegment(active.segment, isSealed: false, readableEnd: readableEnd ?? .max)
        if !besideWriter { try checkForUnlistedSegments() }
        if damage.count > before { index.markLastSegmentDamaged() }
        reportGaps()
        nameDamagedStreams()
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
        for gap in gaps {
            guard let versions = index.unaccounted(gap.versions, of: gap.stream) else { continue }
            damage.append(
                Damage(
                    file: gap.segment.name, offset: gap.offset,
                    reason:
                        "versions \(versions.lowerBound) to \(versions.upperBound) of the frame's stream are missing",
                    versions: versions))
            index.markSegmentDamaged(gap.segment)
        }
    }

    private struct DamagedCommit: Hashable {
        let file: String
        let offset: Int
    }

    /// Names the streams of damaged commits, once all types that the log names are known.
    private mutating func nameDamagedStreams() {
        guard !damagedHeaders.isEmpty else { return }
        let names = index.state.withLock { $0.typeNames }
        damage = damage.map { damage in
            let header = damagedHeaders[DamagedCommit(file: damage.file, offset: damage.offset)]
            return damage.naming(streamOf: header, among: names)
        }
    }

    /// Makes room for the events of the sealed segments, as far as the files are long enough to hold them: what a
    /// manifest merely claims takes no memory.
    private func reserveForSealedSegments() throws(StrataError) {
        var eventCount = 0
        for sealed in manifest.sealed {
            let length = try length(of: sealed.identity.name)
            eventCount += min(Int(clamping: sealed.eventCount), length / Format.eventHeaderBytes)
        }
        index.reserve(eventCount: eventCount)
    }

    /// A file's length; 0 where there is none.
    private func length(of name: String) throws(StrataError) -> Int {
        guard try device.kindOrFail(of: name) == .file else { return 0 }
        return try StoreFile(name, .read, on: device).length()
    }

    private func readableEndOfActiveSegment() throws(StrataError) -> Int {
        var scanner = SegmentScanner(
            active.segment, storeID: manifest.storeID, isSealed: false, on: device)
        return try scanner.run { _, _, _ in }.readableEnd
    }

    private mutating func readSegment(
        _ segment: SegmentIdentity, isSealed: Bool, readableEnd: Int = .max
    ) throws(StrataError) -> SegmentScan {
        let name = segment.name
        index.addSegment(segment, fileBytes: try length(of: name))
        var scanner = SegmentScanner(segment, storeID: manifest.storeID, isSealed: isSealed, on: device)
        let index = self.index
        var gaps: [Gap] = []
        var damagedCommits: [DamagedCommit: FrameHeader] = [:]
        let (before, onProgress) = (bytesRead, onProgress)
        let scan = try scanner.run { offset in
            onProgress(before + offset)
        } visit: { header, offset, body in
            guard offset + header.frameLength <= readableEnd else { return }
            guard header.kind == .commit else { return index.add(header, release: body) }
            guard let (stream, missing) = index.add(header, at: offset, body: body) else { return }
            gaps.append(Gap(stream: stream, versions: missing, segment: segment, offset: offset))
        } visitDamaged: { header, offset in
            damagedCommits[DamagedCommit(file: name, offset: offset)] = header
            index.state.withLock { $0.addDamaged(header) }
        }
        damagedHeaders.merge(damagedCommits) { first, _ in first }
        bytesRead += scan.bytes
        damage += scan.damage
        self.gaps += gaps
        index.extendLastSegment(to: min(scan.end, readableEnd))
        return scan
    }

    /// A segment that the manifest does not list is left over from a rollover that was cut off, and then it is empty, or
    /// from a compaction; another one with frames means that the manifest is older than the segments.
    private mutating func checkForUnlistedSegments() throws(StrataError) {
        for name in try device.listOrFail(StoreLayout.events).sorted() {
            guard
                let segment = SegmentIdentity(fileName: name), !manifest.lists(segment),
                !manifest.hasReplaced(segment)
            else { continue }
            var scanner = SegmentScanner(segment, storeID: manifest.storeID, isSealed: false, on: device)
            let scan = try scanner.run { _, _, _ in }
            if scan.commitCount > 0 {
                damage.append(
                    Damage(file: scan.name, offset: 0, reason: "the manifest does not list this segment with events"))
            }
        }
    }
}

extension Damage {
    /// The same damage with the stream of a commit whose body it took, if the stream's type is one of some names.
    func naming(streamOf header: FrameHeader?, among names: [String]) -> Damage {
        guard
            let header, let name = names.first(where: { FrameHeader.tag(of: $0) == header.aggregateTypeTag })
        else { return self }
        return Damage(
            file: file, offset: offset, length: length, reason: reason,
            stream: StreamID(name, UUID(bits: header.aggregateID)), versions: versions, positions: positions)
    }
}

extension Manifest.SealedSegment {
    /// Whether a sound segment is the one that the manifest describes.
    func matches(_ scan: SegmentScan) -> Bool {
        self
            == Manifest.SealedSegment(
                firstPosition: scan.number, lastPosition: scan.footer?.lastPosition ?? UInt64(scan.lastPosition),
                bytes: UInt64(scan.bytes), eventCount: UInt64(scan.eventCount), commitCount: UInt64(scan.commitCount),
                digest: scan.digest.value, generation: scan.segment.generation,
                contentLength: UInt64(scan.contentLength))
    }
}

extension LogIndex {
    /// Adds a commit that was read from the last segment; returns the versions that are missing before it.
    func add(_ header: FrameHeader, at offset: Int, body: RawSpan) -> (StreamID, ClosedRange<Int>)? {
        guard let layout = CommitBody(decoding: body, header: header) else { return nil }
        // Safe: the pointer is used only during the call.
        let name = body.extracting(layout.aggregateTypeRange).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let entry = Entry(
            aggregateID: header.aggregateID, firstVersion: header.firstVersion, firstPosition: header.firstPosition,
            storedAt: header.storedAt, offset: offset, frameLength: header.frameLength, eventCount: header.eventCount)
        let ids = layout.events.map { $0.id(in: body) }
        let missing = state.withLock { state in
            state.add(entry, aggregateType: state.number(ofType: name), eventIDs: ids)
        }
        return missing.map { (StreamID(name, UUID(bits: header.aggregateID)), $0) }
    }
}
