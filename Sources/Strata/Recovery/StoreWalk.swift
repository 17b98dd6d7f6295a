import EventSourcing
import Synchronization

/// Reads every file of an open store and checks it, beside its readers and its writer, without building an index.
struct StoreWalk {
    /// Progress is told after so many bytes.
    private static let progressBytes = 64 << 10
    private let device: any Device
    private let index: LogIndex
    private let progress: (Scrub.Progress) -> Void
    private var report = ScrubReport()
    private var bytesTotal = 0
    private var bytesShown = 0

    init(_ device: any Device, _ index: LogIndex, progress: @escaping (Scrub.Progress) -> Void) {
        self.device = device
        self.index = index
        self.progress = progress
    }

    /// Walks the segments that there are now.
    mutating func run() throws(StrataError) -> ScrubReport {
        guard let manifest = try Manifest.read(from: device) else {
            throw StrataError(.damaged, "the manifest has gone", path: device.path(of: StoreLayout.manifest))
        }
        bytesTotal = try StrataStore.bytes(of: manifest, device)
        for sealed in manifest.sealed { try walk(sealed, of: manifest.storeID) }
        try walkActive(manifest)
        try walkSnapshots(of: manifest.storeID)
        return report
    }

    private mutating func walk(_ sealed: Manifest.SealedSegment, of storeID: UInt128) throws(StrataError) {
        var (scan, damage) = try scan(sealed.identity, of: storeID, isSealed: true)
        if damage.isEmpty, !sealed.matches(scan) {
            damage = [Damage(file: scan.name, offset: 0, reason: "this is not the segment that the manifest lists")]
        }
        if !damage.isEmpty, try Manifest.read(from: device)?.sealed.contains(sealed) != true {
            // It was replaced while it was read, and nobody needs it any longer.
            return
        }
        add(scan, damage)
    }

    private mutating func walkActive(_ manifest: Manifest) throws(StrataError) {
        let active = SegmentIdentity(number: manifest.active)
        let visibleEnd = index.segment(active)?.end ?? Format.segmentHeaderBytes
        var (scan, damage) = try scan(active, of: manifest.storeID, isSealed: false)
        // An append that found no room was taken back, and another one has come in its place: it reads well the second time.
        if !damage.isEmpty { (scan, damage) = try self.scan(active, of: manifest.storeID, isSealed: false) }
        // It was sealed while the others were read, and has been replaced.
        if !damage.isEmpty, try Manifest.read(from: device)?.lists(active) != true { return }
        if damage.isEmpty, scan.end < visibleEnd {
            // Readers were shown what stands here, so that it is no torn tail.
            damage = [
                Damage(
                    file: scan.name, offset: scan.end, length: visibleEnd - scan.end, reason: "no frame that verifies")
            ]
        }
        add(scan, damage)
    }

    private mutating func scan(
        _ segment: SegmentIdentity, of storeID: UInt128, isSealed: Bool
    ) throws(StrataError) -> (SegmentScan, [Damage]) {
        var scanner = SegmentScanner(segment, storeID: storeID, isSealed: isSealed, on: TolerantDevice(device))
        var headers: [Int: FrameHeader] = [:]
        let scan = try scanner.run { offset in
            if report.bytes + offset >= bytesShown + Self.progressBytes { show(bytesDone: report.bytes + offset) }
        } visit: { _, _, _ in
        } visitDamaged: { header, offset in
            // Others are not told on their own.
            if headers.count < SegmentScan.mostListed { headers[offset] = header }
        }
        headers[scan.firstUnlisted] = nil
        return (scan, scan.damage.map { $0.naming(headers[$0.offset], index) })
    }

    private mutating func add(_ scan: SegmentScan, _ damage: [Damage]) {
        report.segments += 1
        report.commits += scan.commitCount
        report.events += scan.eventCount
        report.bytes += scan.bytes
        report.damage += damage
        show(bytesDone: report.bytes)
    }

    private mutating func walkSnapshots(of storeID: UInt128) throws(StrataError) {
        var scan = SnapshotScan(storeID: storeID, on: TolerantDevice(device))
        let before = report.bytes
        try scan.run { show(bytesDone: before + $0) }
        report.snapshots = scan.snapshots
        report.bytes += scan.bytes
        report.damagedSnapshots = scan.damage
        show(bytesDone: report.bytes)
    }

    private mutating func show(bytesDone: Int) {
        bytesShown = bytesDone
        progress(
            Scrub.Progress(
                job: JobProgress(bytesDone: bytesDone, bytesTotal: max(bytesDone, bytesTotal)), damage: report.damage,
                damagedSnapshots: report.damagedSnapshots))
    }
}
