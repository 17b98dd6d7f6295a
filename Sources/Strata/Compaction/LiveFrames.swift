import EventSourcing
import FoundationEssentials

/// From which version on the events of streams are live, when a compaction begins.
struct LiveVersions: Sendable {
    /// The first live version of streams whose first events are released.
    private var firstLive: [StreamID: Int] = [:]
    /// The same, as segments are asked for streams.
    private(set) var probes: [(stream: StreamProbe, firstLive: Int)] = []

    var isEmpty: Bool { firstLive.isEmpty }

    mutating func add(_ version: Int, of stream: StreamID, _ probe: StreamProbe) {
        firstLive[stream] = version
        probes.append((probe, version))
    }

    /// How many events of a commit are released, from its first one on.
    func releasedCount(of header: FrameHeader, body: RawSpan) -> Int {
        guard
            !firstLive.isEmpty, let range = CommitBody.aggregateTypeRange(in: body, header: header),
            let type = body.extracting(range).text,
            let first = firstLive[StreamID(type, UUID(bits: header.aggregateID))]
        else { return 0 }
        return min(max(0, first - header.firstVersion), header.eventCount)
    }
}

/// What a compaction keeps of a frame that tells of events.
struct LiveFrame {
    private(set) var header: FrameHeader
    /// How many of a commit's events are gone.
    let releasedEvents: Int
    /// The parts of the frame's body that are kept.
    private let parts: (type: Range<Int>, events: Range<Int>)

    var frameLength: Int { header.frameLength }
    var isWhole: Bool { releasedEvents == 0 }

    /// - Returns: nil where nothing is kept: all events of a commit are released. Truncations and tombstones are always
    ///   kept: they tell what was erased, and when.
    init?(_ original: FrameHeader, body: RawSpan, _ live: LiveVersions) {
        header = original
        releasedEvents = original.kind == .commit ? live.releasedCount(of: original, body: body) : 0
        guard releasedEvents > 0 else {
            parts = (0..<body.byteCount, body.byteCount..<body.byteCount)
            return
        }
        guard
            releasedEvents < original.eventCount, let layout = CommitBody(decoding: body, header: original)
        else { return nil }
        let type = 0..<Format.aligned(layout.aggregateTypeRange.upperBound)
        parts = (type, layout.events[releasedEvents].start..<body.byteCount)
        header.firstVersion += releasedEvents
        header.firstPosition += releasedEvents
        header.eventCount -= releasedEvents
        header.bodyLength = parts.type.count + parts.events.count
        header.bodyChecksum = Checksum.crc32c(
            body.extracting(parts.events), continuing: Checksum.crc32c(body.extracting(parts.type)))
    }

    /// Appends what is kept of the frame's body to a buffer.
    func append(_ body: RawSpan, to buffer: inout [UInt8]) {
        // Safe: the pointers are used only during the calls.
        body.extracting(parts.type).withUnsafeBytes { buffer.append(contentsOf: $0) }
        body.extracting(parts.events).withUnsafeBytes { buffer.append(contentsOf: $0) }
    }
}
