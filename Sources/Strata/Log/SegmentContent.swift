/// The frames of one segment as readers see them: at the same offsets whether the segment is as it was written or
/// compacted.
///
/// Reading it goes on after the file has been removed, as long as someone holds it. Calls may block.
struct SegmentContent: Sendable {
    /// What one read of a single frame asks for: most frames are shorter, and longer ones need a second read.
    private static let frameGuess = 4 << 10

    private let file: StoreFile
    /// What the checksums of the frames' headers are bound to.
    let binding: ChecksumBinding

    init(_ file: StoreFile, binding: ChecksumBinding) {
        self.file = file
        self.binding = binding
    }

    /// Opens a segment of events.
    init(_ segment: SegmentIdentity, storeID: UInt128, on device: any Device) throws(StrataError) {
        try self.init(StoreFile(segment.name, .read, on: device), binding: segment.binding(storeID: storeID))
    }

    var name: String { file.name }
    var path: String { file.path }

    /// Where the content ends.
    func length() throws(StrataError) -> Int {
        try file.length()
    }

    /// Appends up to `count` bytes from an offset to a buffer; returns how many there were.
    func read(_ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]) throws(StrataError) -> Int {
        try file.read(count, at: offset, appendingTo: &buffer)
    }

    /// The bytes from an offset: fewer than `count` only at the end of the content.
    func read(_ count: Int, at offset: Int) throws(StrataError) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(count)
        _ = try read(count, at: offset, appendingTo: &buffer)
        return buffer
    }

    /// Appends the frame at an offset to a buffer and verifies it.
    ///
    /// - Parameter end: where frames end that may be read.
    /// - Returns: its header; nil where no frame verifies there.
    func readFrame(at offset: Int, before end: Int, into buffer: inout [UInt8]) throws(StrataError) -> FrameHeader? {
        let start = buffer.count
        let available = max(0, end - offset)
        let read = try file.read(min(Self.frameGuess, available), at: offset, appendingTo: &buffer)
        guard
            read >= Format.frameHeaderBytes,
            let header = FrameHeader(
                decoding: buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                binding: binding),
            header.frameLength <= available
        else { return nil }
        if header.frameLength > read {
            _ = try file.read(header.frameLength - read, at: offset + read, appendingTo: &buffer)
        }
        let frameEnd = start + header.frameLength
        guard
            buffer.count >= frameEnd,
            header.verifies(body: buffer.span.bytes.extracting(start + Format.frameHeaderBytes..<frameEnd))
        else { return nil }
        buffer.removeLast(buffer.count - frameEnd)
        return header
    }
}
