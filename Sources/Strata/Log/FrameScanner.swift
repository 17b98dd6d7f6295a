/// Walks the frames of a segment from front to back, reading it in large pieces.
struct FrameScanner {
    /// What stands at an offset.
    enum Step {
        /// A frame whose header and body verify; ``withBody(_:)`` shows the body.
        case frame(FrameHeader)
        /// A header that verifies before a body that does not, or that is cut off.
        case damagedBody(FrameHeader)
        /// Bytes that are no header.
        case noHeader
        /// The end of what was to be walked.
        case end
    }

    private static let chunk = 1 << 20
    /// How often the bytes of a file may be read in vain.
    private static let mostPasses = 4

    private let content: SegmentContent
    /// Where the walk ends.
    let end: Int
    /// Where the frame of the last step begins.
    private(set) var offset: Int
    private var frameLength = 0
    private var buffer: [UInt8] = []
    private var bufferStart = 0
    /// The bytes of frames that had a header and did not verify, or that did and were not taken, since what stands in them
    /// was looked at. Frames that a writer has written do not overlap, so that there are no more of them than the file has; a
    /// forger can have each header claim all that follows.
    private var bytesInVain = 0

    init(_ content: SegmentContent, from start: Int = Format.segmentHeaderBytes, to end: Int) {
        self.content = content
        self.end = end
        offset = start
    }

    /// Looks at what stands behind the last frame.
    mutating func next() throws(StrataError) -> Step {
        offset += frameLength
        frameLength = 0
        guard offset < end else { return .end }
        guard !isCrafted, end - offset >= Format.frameHeaderBytes, try load(Format.frameHeaderBytes),
            let header = header(at: offset)
        else { return .noHeader }
        guard header.frameLength <= end - offset, try load(header.frameLength), bodyVerifies(header) else {
            bytesInVain += header.frameLength
            return .damagedBody(header)
        }
        frameLength = header.frameLength
        return .frame(header)
    }

    /// Whether nothing more is looked for in the file: no accident makes one like this.
    private var isCrafted: Bool { bytesInVain / Self.mostPasses > end }

    /// Continues at another offset.
    mutating func move(to offset: Int) {
        if (self.offset..<self.offset + frameLength).contains(offset) { bytesInVain += frameLength }
        self.offset = offset
        frameLength = 0
    }

    /// Forgets what was read ahead, so that the next look at ``offset`` finds what stands there now.
    mutating func lookAgain() {
        buffer.removeAll(keepingCapacity: true)
        move(to: offset)
    }

    /// Calls `body` with the body of the frame at ``offset``.
    func withBody<Result>(_ body: (RawSpan) -> Result) -> Result {
        let start = offset - bufferStart
        return body(
            buffer.span.bytes.extracting(start + Format.frameHeaderBytes..<start + frameLength))
    }

    /// Calls `body` with the header's bytes of the frame at ``offset``.
    func withHeaderBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        let start = offset - bufferStart
        return body(buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes))
    }

    /// The first offset, from one on, at which a header stands that verifies; nil if there is none.
    mutating func nextHeader(from start: Int) throws(StrataError) -> (offset: Int, header: FrameHeader)? {
        move(to: Format.aligned(start))
        while !isCrafted, end - offset >= Format.frameHeaderBytes {
            guard try load(Format.frameHeaderBytes) else { return nil }
            let last = min(bufferStart + buffer.count, end) - Format.frameHeaderBytes
            while offset <= last {
                if magic(at: offset) == Format.frameMagic, let header = header(at: offset) { return (offset, header) }
                offset += Format.alignment
            }
        }
        return nil
    }

    /// The highest durable mark of a header that verifies behind an offset; 0 if there is none.
    mutating func highestMark(behind offset: Int) throws(StrataError) -> Int {
        var highest = 0
        var next = offset + Format.alignment
        while let (found, header) = try nextHeader(from: next) {
            highest = max(highest, header.durableMark)
            next = found + Format.alignment
        }
        return highest
    }

    /// Where only zeros follow, up to the end: the offset itself where there is nothing else.
    mutating func endOfContent(from start: Int) throws(StrataError) -> Int {
        move(to: start)
        var contentEnd = start
        while offset < end {
            let count = min(Self.chunk, end - offset)
            guard try load(count) else { return end }
            let position = offset - bufferStart
            if !buffer.span.bytes.isZero(in: position..<position + count) {
                let last = buffer[position..<position + count].lastIndex { $0 != 0 } ?? position
                contentEnd = bufferStart + last + 1
            }
            offset += count
        }
        return contentEnd
    }

    private func magic(at offset: Int) -> UInt32 {
        buffer.span.bytes.number(at: offset - bufferStart)
    }

    private func header(at offset: Int) -> FrameHeader? {
        let start = offset - bufferStart
        return FrameHeader(
            decoding: buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes), at: offset,
            binding: content.binding)
    }

    private func bodyVerifies(_ header: FrameHeader) -> Bool {
        let start = offset - bufferStart
        return header.verifies(
            body: buffer.span.bytes.extracting(start + Format.frameHeaderBytes..<start + header.frameLength))
    }

    /// Has at least `count` bytes from ``offset`` on in the buffer; false where the file has become shorter.
    private mutating func load(_ count: Int) throws(StrataError) -> Bool {
        if offset >= bufferStart, offset + count <= bufferStart + buffer.count { return true }
        buffer.removeAll(keepingCapacity: true)
        bufferStart = offset
        let wanted = min(max(count, Self.chunk), end - offset)
        // Piece by piece, it would grow to twice as much. A longer frame is believed only as it comes.
        buffer.reserveCapacity(min(wanted, Self.chunk))
        return try content.readWhatIsSound(wanted, at: offset, appendingTo: &buffer) >= count
    }
}
