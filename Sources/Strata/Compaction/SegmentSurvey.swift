/// What a compaction would keep of a segment, and what it would drop.
struct SegmentSurvey: Sendable {
    /// Where a frame that would be kept stands in the content.
    struct Frame: Sendable {
        let offset: Int
        let length: Int
    }

    var liveEvents = 0
    var releasedEvents = 0
    /// Of the frames that would be kept, as they would be.
    var liveBytes = 0
    /// Of commits that would go, and of parts of them.
    var releasedBytes = 0
    /// The frames that would be kept whole.
    var wholeFrames: [Frame] = []

    /// The share of the frames' bytes that are released.
    var releasedShare: Double {
        releasedBytes == 0 ? 0 : Double(releasedBytes) / Double(liveBytes + releasedBytes)
    }

    /// Walks a segment. May block.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it is not whole: a compaction must not make damage final.
    init(
        of segment: SegmentIdentity, isSealed: Bool = true, storeID: UInt128, _ live: LiveVersions,
        on device: any Device, progress: (Int) throws(StrataError) -> Void
    ) throws(StrataError) {
        var survey = Self()
        try Self.walk(segment, isSealed: isSealed, storeID: storeID, on: device, progress: progress) {
            header, offset, body throws(StrataError) in
            survey.add(header, at: offset, body: body, live)
        }
        self = survey
    }

    private init() {}

    private mutating func add(_ header: FrameHeader, at offset: Int, body: RawSpan, _ live: LiveVersions) {
        guard let kept = LiveFrame(header, body: body, live) else {
            releasedEvents += header.eventCount
            releasedBytes += header.frameLength
            return
        }
        liveEvents += kept.header.eventCount
        releasedEvents += kept.releasedEvents
        liveBytes += kept.frameLength
        releasedBytes += header.frameLength - kept.frameLength
        if kept.releasedEvents == 0 {
            wholeFrames.append(Frame(offset: offset, length: header.frameLength))
        }
    }

    /// Walks the commits of a segment. May block.
    static func walk(
        _ segment: SegmentIdentity, isSealed: Bool = true, storeID: UInt128, on device: any Device,
        progress: (Int) throws(StrataError) -> Void,
        visit: (FrameHeader, Int, RawSpan) throws(StrataError) -> Void
    ) throws(StrataError) {
        var scanner = SegmentScanner(segment, storeID: storeID, isSealed: isSealed, on: device)
        var failure: StrataError?
        var last = Format.segmentHeaderBytes
        let scan = try scanner.run { offset in
            guard failure == nil, offset - last >= 1 << 20 else { return }
            do throws(StrataError) { try progress(offset - last) } catch { failure = error }
            last = offset
        } visit: { header, offset, body in
            guard failure == nil else { return }
            do throws(StrataError) { try visit(header, offset, body) } catch { failure = error }
        }
        if let failure { throw failure }
        guard scan.damage.isEmpty else {
            throw StrataError(
                .damaged, "the segment is damaged; compaction does not touch it: \(scan.damage[0])",
                path: device.path(of: segment.name), damage: scan.damage)
        }
        try progress(max(0, scan.end - last))
    }
}
