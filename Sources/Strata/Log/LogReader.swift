import EventSourcing
import FoundationEssentials

/// Reads events through the index and straight from the segments, never through the writer.
///
/// Every frame's checksums are verified at each read. Calls may block.
struct LogReader: Sendable {
    /// Events in a batch, roughly: a batch ends with a whole commit.
    static let batchEvents = 512
    /// Bytes in a batch, roughly.
    static let batchBytes = 1 << 20

    let index: LogIndex
    private let storeID: UInt128
    private let device: any Device
    private let files = SegmentFiles()

    init(index: LogIndex, storeID: UInt128, device: any Device) {
        self.index = index
        self.storeID = storeID
        self.device = device
    }

    func content(of segment: SegmentIdentity) throws(StrataError) -> SegmentContent {
        try files.content(segment.name) { () throws(StrataError) in
            try SegmentContent(segment, storeID: storeID, on: device)
        }
    }

    /// The events of some versions of a stream, ascending: a batch from the front of the range.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where an event in the range cannot be read.
    func events(of stream: StreamID, versions: ClosedRange<Int>, decoder: inout EventDecoder) throws(StrataError)
        -> [RecordedEvent]
    {
        var buffer: [UInt8] = []
        var frames: [(start: Int, header: FrameHeader)] = []
        var previous: Location?
        for (index, location) in self.index.locations(of: stream, versions: versions).enumerated() {
            if location == previous { continue }
            guard location != .missing else {
                if !frames.isEmpty { break }
                throw Self.missing(stream, version: versions.lowerBound + index)
            }
            if !frames.isEmpty, buffer.count >= Self.batchBytes { break }
            previous = location
            frames.append((buffer.count, try readFrame(at: location, into: &buffer)))
        }
        let bytes = Bytes(buffer)
        var events: [RecordedEvent] = []
        for (start, header) in frames {
            guard
                decoder.decode(
                    bytes, at: start, header: header, versions: versions,
                    firstLiveVersion: self.index.firstLiveVersion, into: &events)
            else {
                throw StrataError(.damaged, "a commit of stream \(stream) is not laid out as it should be")
            }
        }
        return events
    }

    /// The commit at a location, with those of its events that are not released.
    func commit(at location: Location) throws(StrataError) -> [RecordedEvent] {
        var buffer: [UInt8] = []
        let header = try readFrame(at: location, into: &buffer)
        var events: [RecordedEvent] = []
        var decoder = EventDecoder()
        guard
            decoder.decode(
                Bytes(buffer), at: 0, header: header, firstLiveVersion: index.firstLiveVersion, into: &events)
        else {
            throw StrataError(.damaged, "a commit is not laid out as it should be")
        }
        return events
    }

    /// The commit that holds an event, and the event's place in it; nil where no commit does.
    func commit(containingEventID id: UUID) throws(StrataError) -> (events: [RecordedEvent], index: Int)? {
        for location in index.candidates(forEventID: id.bits) {
            let events = try commit(at: location)
            if let index = events.firstIndex(where: { $0.id == id }) { return (events, index) }
        }
        return nil
    }

    /// Appends the frame at a location to a buffer and verifies it.
    private func readFrame(at location: Location, into buffer: inout [UInt8]) throws(StrataError) -> FrameHeader {
        guard let segment = index.segment(location.segment) else {
            throw StrataError(.damaged, "the index names a segment that does not exist")
        }
        let content = try content(of: segment.identity)
        guard
            let header = try content.readFrame(at: location.offset, before: segment.end, into: &buffer),
            header.kind == .commit
        else { throw Self.damagedFrame(content, location.offset) }
        return header
    }

    static func damagedFrame(_ content: SegmentContent, _ offset: Int) -> StrataError {
        let damage = Damage(file: content.name, offset: offset, reason: "the frame does not verify")
        return StrataError(
            .damaged, "a stored commit does not verify; run 'strata verify' to see what is affected",
            path: content.path, offset: offset, damage: [damage])
    }

    /// - Throws: ``StrataError/Code/damaged`` where one of some segments is not whole: a walk that passes over it without
    ///   a word would hide that events are lost.
    func checkWhole(segments ordinals: Range<Int>) throws(StrataError) {
        guard let segment = index.damagedSegment(among: ordinals) else { return }
        let damage = Damage(file: segment.name, offset: 0, reason: "the segment is not whole")
        throw StrataError(
            .damaged, "events of \(damage.file) may be lost; run 'strata verify' to see what is affected",
            damage: [damage])
    }

    private static func missing(_ stream: StreamID, version: Int) -> StrataError {
        StrataError(.damaged, "version \(version) of stream \(stream) cannot be read; run 'strata verify'")
    }
}
