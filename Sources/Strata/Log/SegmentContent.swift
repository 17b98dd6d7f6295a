/// The frames of one segment as readers see them: at the same offsets whether the segment is as it was written or
/// compacted.
///
/// Reading it goes on after the file has been removed, as long as someone holds it. Calls may block.
struct SegmentContent: Sendable {
    private enum Storage {
        case file(StoreFile)
        case compacted(CompactedSegment)
    }

    /// What one read of a single frame asks for: most frames are shorter, and longer ones need a second read.
    static let frameGuess = 4 << 10

    private let storage: Storage
    /// What the checksums of the frames' headers are bound to.
    let binding: ChecksumBinding

    init(_ file: StoreFile, binding: ChecksumBinding) {
        storage = .file(file)
        self.binding = binding
    }

    /// The content of a file whose header has been read.
    init(_ file: StoreFile, _ header: SegmentHeader) throws(StrataError) {
        binding = header.binding
        storage =
            header.kind == .compacted
            ? .compacted(CompactedSegment(try CompactedLayout(file, binding: binding))) : .file(file)
    }

    /// Opens a segment of events.
    init(_ segment: SegmentIdentity, storeID: UInt128, on device: any Device) throws(StrataError) {
        let file = try StoreFile(segment.name, .read, on: device)
        binding = segment.binding(storeID: storeID)
        storage =
            segment.isCompacted
            ? .compacted(CompactedSegment(try CompactedLayout(file, binding: binding))) : .file(file)
    }

    private var file: StoreFile {
        switch storage {
        case .file(let file): file
        case .compacted(let segment): segment.file
        }
    }

    var name: String { file.name }
    var path: String { file.path }
    /// nil of a segment as it was written.
    var compacted: CompactedSegment? {
        if case .compacted(let segment) = storage { segment } else { nil }
    }

    /// Where the content ends.
    func length() throws(StrataError) -> Int {
        switch storage {
        case .file(let file): try file.length()
        case .compacted(let segment): segment.contentLength
        }
    }

    func fileLength() throws(StrataError) -> Int {
        try file.length()
    }

    /// Appends up to `count` bytes from an offset to a buffer; returns how many there were.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where a block does not verify.
    func read(_ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]) throws(StrataError) -> Int {
        switch storage {
        case .file(let file): try file.read(count, at: offset, appendingTo: &buffer)
        case .compacted(let segment):
            try segment.read(count, at: offset, appendingTo: &buffer) { block throws(StrataError) in
                throw StrataError(damaged: block, of: segment.file)
            }
        }
    }

    /// Appends up to `count` bytes from an offset to a buffer, and zeros for a block that does not verify; returns how
    /// many there were.
    func readWhatIsSound(
        _ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]
    ) throws(StrataError) -> Int {
        switch storage {
        case .file(let file): try file.read(count, at: offset, appendingTo: &buffer)
        case .compacted(let segment):
            try segment.read(count, at: offset, appendingTo: &buffer) { _ throws(StrataError) in }
        }
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
    /// - Parameters:
    ///   - end: where frames end that may be read.
    ///   - guess: how long the frame may be; a longer one takes a second read.
    /// - Returns: its header; nil where no frame verifies there.
    func readFrame(
        at offset: Int, before end: Int, guess: Int = frameGuess, into buffer: inout [UInt8]
    ) throws(StrataError) -> FrameHeader? {
        switch storage {
        case .file(let file): try readFrame(of: file, at: offset, before: end, guess: guess, into: &buffer)
        case .compacted(let segment): try segment.readFrame(at: offset, before: end, into: &buffer)
        }
    }

    private func readFrame(
        of file: StoreFile, at offset: Int, before end: Int, guess: Int, into buffer: inout [UInt8]
    ) throws(StrataError) -> FrameHeader? {
        let start = buffer.count
        let available = max(0, end - offset)
        let read = try file.read(min(guess, available), at: offset, appendingTo: &buffer)
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

extension StrataError {
    fileprivate init(damaged block: CompactedSegment.Block, of file: StoreFile) {
        let damage = Damage(
            file: file.name, offset: block.offsets.lowerBound, length: block.offsets.count,
            reason: "the block does not verify")
        self.init(
            .damaged, "stored commits do not verify; run 'strata verify' to see what is affected", path: file.path,
            offset: block.offsets.lowerBound, damage: [damage])
    }
}
