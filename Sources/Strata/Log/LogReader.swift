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
    /// What one read of a single frame asks for: most frames are shorter, and longer ones need a second read.
    private static let frameGuess = 4 << 10

    let index: LogIndex
    private let files: SegmentFiles

    init(index: LogIndex, device: any Device) {
        self.index = index
        files = SegmentFiles(on: device)
    }

    func file(ofSegment number: UInt64) throws(StrataError) -> StoreFile {
        try files.file(StoreLayout.eventSegment(number))
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
            guard decoder.decode(bytes, at: start, header: header, versions: versions, into: &events) else {
                throw StrataError(.damaged, "a commit of stream \(stream) is not laid out as it should be")
            }
        }
        return events
    }

    /// The commit at a location, with all its events.
    func commit(at location: Location) throws(StrataError) -> [RecordedEvent] {
        var buffer: [UInt8] = []
        let header = try readFrame(at: location, into: &buffer)
        var events: [RecordedEvent] = []
        var decoder = EventDecoder()
        guard decoder.decode(Bytes(buffer), at: 0, header: header, into: &events) else {
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
        let file = try file(ofSegment: segment.number)
        let start = buffer.count
        let offset = location.offset
        let available = max(0, segment.end - offset)
        let guess = min(Self.frameGuess, available)
        let read = try file.read(guess, at: offset, appendingTo: &buffer)
        guard
            read >= Format.frameHeaderBytes,
            let header = FrameHeader(
                decoding: buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                binding: segment.binding),
            header.kind == .commit, header.frameLength <= available
        else { throw Self.damagedFrame(file, offset) }
        if header.frameLength > read {
            _ = try file.read(header.frameLength - read, at: offset + read, appendingTo: &buffer)
        }
        let end = start + header.frameLength
        guard
            buffer.count >= end,
            header.verifies(body: buffer.span.bytes.extracting(start + Format.frameHeaderBytes..<end))
        else { throw Self.damagedFrame(file, offset) }
        buffer.removeLast(buffer.count - end)
        return header
    }

    static func damagedFrame(_ file: StoreFile, _ offset: Int) -> StrataError {
        let damage = Damage(file: file.name, offset: offset, reason: "the frame does not verify")
        return StrataError(
            .damaged, "a stored commit does not verify; run 'strata verify' to see what is affected", path: file.path,
            offset: offset, damage: [damage])
    }

    /// - Throws: ``StrataError/Code/damaged`` where one of some segments is not whole: a walk that passes over it without
    ///   a word would hide that events are lost.
    func checkWhole(segments ordinals: Range<Int>) throws(StrataError) {
        guard let number = index.damagedSegment(among: ordinals) else { return }
        let damage = Damage(file: StoreLayout.eventSegment(number), offset: 0, reason: "the segment is not whole")
        throw StrataError(
            .damaged, "events of \(damage.file) may be lost; run 'strata verify' to see what is affected",
            damage: [damage])
    }

    private static func missing(_ stream: StreamID, version: Int) -> StrataError {
        StrataError(.damaged, "version \(version) of stream \(stream) cannot be read; run 'strata verify'")
    }
}
