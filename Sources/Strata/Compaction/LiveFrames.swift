import EventSourcing
import FoundationEssentials

/// From which version on the events of streams are live, when a compaction begins.
struct LiveVersions: Sendable {
    /// The first live version of streams whose first events are released.
    let firstLive: [StreamID: Int]

    var isEmpty: Bool { firstLive.isEmpty }

    /// How many events of a commit are released, from its first one on.
    func releasedCount(of header: FrameHeader, _ layout: CommitBody, body: RawSpan) -> Int {
        guard
            !firstLive.isEmpty,
            let type = body.extracting(layout.aggregateTypeRange).text,
            let first = firstLive[StreamID(type, UUID(bits: header.aggregateID))]
        else { return 0 }
        return min(max(0, first - header.firstVersion), header.eventCount)
    }
}

/// What a compaction keeps of a frame.
struct LiveFrame {
    let header: FrameHeader
    let body: [UInt8]
    /// How many of a commit's events are gone.
    let releasedEvents: Int

    var frameLength: Int { header.frameLength }

    /// - Returns: nil where nothing of the frame is kept: a commit all of whose events are released, and frames that
    ///   concern only the writer of the log. Truncations and tombstones are always kept.
    init?(_ header: FrameHeader, body: RawSpan, _ live: LiveVersions) {
        if Release(header) != nil {
            self.header = header
            // Safe: the pointer is used only during the call.
            self.body = body.withUnsafeBytes { Array($0) }
            releasedEvents = 0
            return
        }
        guard header.kind == .commit, let layout = CommitBody(decoding: body, header: header) else { return nil }
        releasedEvents = live.releasedCount(of: header, layout, body: body)
        guard releasedEvents < header.eventCount else { return nil }
        guard releasedEvents > 0 else {
            self.header = header
            // Safe: the pointer is used only during the call.
            self.body = body.withUnsafeBytes { Array($0) }
            return
        }
        let name = body.extracting(0..<Format.aligned(layout.aggregateTypeRange.upperBound))
        let events = body.extracting(layout.events[releasedEvents].start..<body.byteCount)
        // Safe: the pointers are used only during the calls.
        let rest = name.withUnsafeBytes { Array($0) } + events.withUnsafeBytes { Array($0) }
        var remaining = header
        remaining.firstVersion += releasedEvents
        remaining.firstPosition += releasedEvents
        remaining.eventCount -= releasedEvents
        remaining.bodyLength = rest.count
        remaining.bodyChecksum = Checksum.crc32c(rest.span.bytes)
        self.header = remaining
        self.body = rest
    }
}
