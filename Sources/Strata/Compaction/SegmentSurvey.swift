/// What is live in a segment, and what is released.
struct SegmentSurvey: Sendable {
    var liveEvents = 0
    var releasedEvents = 0
    /// Of the frames that a compaction keeps, as it keeps them.
    var liveBytes = 0
    /// Of commits that go, and of parts of them.
    var releasedBytes = 0

    /// The share of the frames' bytes that are released.
    var releasedShare: Double {
        releasedBytes == 0 ? 0 : Double(releasedBytes) / Double(liveBytes + releasedBytes)
    }

    /// A segment that holds nothing that is released.
    init(wholeOf entry: Manifest.SealedSegment) {
        liveEvents = Int(clamping: entry.eventCount)
        liveBytes = Int(clamping: entry.contentLength) - Format.segmentHeaderBytes
    }

    /// Walks a segment. May block.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it is not whole.
    init(
        walking segment: SegmentIdentity, storeID: UInt128, _ live: LiveVersions, on device: any Device,
        progress: (Int) throws(StrataError) -> Void
    ) throws(StrataError) {
        try SegmentWalk(segment, storeID: storeID, on: device).run(progress: progress) { header, _, body in
            add(header, body: body, live)
        }
    }

    /// Walks the frames of a segment that is still appended to. May block.
    ///
    /// - Parameter end: where the frames end that readers may see.
    init(frames content: SegmentContent, before end: Int, _ live: LiveVersions) throws(StrataError) {
        var scanner = FrameScanner(content, to: end)
        while case .frame(let header) = try scanner.next() {
            switch header.kind {
            case .commit, .truncation, .tombstone: scanner.withBody { add(header, body: $0, live) }
            case .open, .mark, .footer, .snapshot, .snapshotDeletion: break
            }
        }
    }

    /// Surveys of all sealed segments, in order. May block.
    static func all(
        of manifest: Manifest, _ live: LiveVersions, on device: any Device,
        progress: (Int) throws(StrataError) -> Void
    ) throws(StrataError) -> [CompactionPlan.Segment] {
        var segments: [CompactionPlan.Segment] = []
        for entry in manifest.sealed {
            let survey =
                live.isEmpty
                ? SegmentSurvey(wholeOf: entry)
                : try SegmentSurvey(
                    walking: entry.identity, storeID: manifest.storeID, live, on: device, progress: progress)
            segments.append(CompactionPlan.Segment(entry: entry, survey: survey))
        }
        return segments
    }

    private mutating func add(_ header: FrameHeader, body: RawSpan, _ live: LiveVersions) {
        guard let kept = LiveFrame(header, body: body, live) else {
            releasedEvents += header.eventCount
            releasedBytes += header.frameLength
            return
        }
        liveEvents += kept.header.eventCount
        releasedEvents += kept.releasedEvents
        liveBytes += kept.frameLength
        releasedBytes += header.frameLength - kept.frameLength
    }
}
