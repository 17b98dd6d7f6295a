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
        liveBytes = max(0, Int(clamping: entry.contentLength) - Format.segmentHeaderBytes)
    }

    /// Asks a sealed segment's index for the streams that have released something. O(streams); bytes of streams that are
    /// released in part are estimated. May block.
    init(of segment: IndexedSegment, _ live: LiveVersions) throws(IndexFault) {
        self.init(wholeOf: segment.entry)
        for (probe, firstLive) in live.probes {
            guard let part = try segment.stream(probe, .verifying), part.firstVersion < firstLive else { continue }
            var commits: [CommitPlace] = []
            let versions = part.firstVersion...min(part.lastVersion, firstLive - 1)
            try segment.collectCommits(of: part, versions: versions, into: &commits, .verifying)
            let released = commits.reduce(0) { $0 + min($1.lastVersion, firstLive - 1) - $1.firstVersion + 1 }
            let share = Double(released) / Double(part.lastVersion - part.firstVersion + 1)
            let bytes = min(liveBytes, released == 0 ? 0 : max(1, Int(Double(part.bytes) * share)))
            liveEvents -= released
            releasedEvents += released
            liveBytes -= bytes
            releasedBytes += bytes
        }
    }

    /// Walks the frames of a segment that is still appended to. May block.
    ///
    /// - Parameters:
    ///   - end: where the frames end that readers may see.
    ///   - visit: called with what is kept of each frame, and the frame's body.
    init(
        frames content: SegmentContent, before end: Int, _ live: LiveVersions,
        visit: (LiveFrame, RawSpan) -> Void = { _, _ in }
    ) throws(StrataError) {
        var scanner = FrameScanner(content, to: end)
        while case .frame(let header) = try scanner.next() {
            switch header.kind {
            case .commit, .truncation, .tombstone:
                scanner.withBody { body in
                    add(header, body: body, live)
                    if let kept = LiveFrame(header, body: body, live) { visit(kept, body) }
                }
            case .open, .mark, .footer, .snapshot, .snapshotDeletion: break
            }
        }
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
