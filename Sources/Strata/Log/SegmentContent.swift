/// The frames of one segment as readers see them: at the same offsets whether the segment is as it was written or
/// compacted.
///
/// Reading it goes on after the file has been removed, as long as someone holds it. Calls may block. An object, since whoever
/// reads frame by frame would otherwise count references to all of its parts at each.
final class SegmentContent: Sendable {
    /// What one read of a single frame asks for: most frames are shorter, and longer ones need a second read.
    static let frameGuess = 4 << 10
    /// Most frames of one small event.
    private static let prefetchedBytes = 512
    /// How much of a file that still grows is mapped, in bytes: as long as segments become by default. What is behind it is
    /// read from the file.
    private static let growingBytes = 64 << 20

    private let file: StoreFile
    /// What single frames are copied from; nil where they are read from the file.
    private let mapping: FileMapping?
    /// nil of a segment as it was written.
    let compacted: CompactedSegment?
    /// What the checksums of the frames' headers are bound to.
    let binding: ChecksumBinding

    init(_ file: StoreFile, binding: ChecksumBinding) {
        self.file = file
        self.binding = binding
        mapping = nil
        compacted = nil
    }

    /// The content of a file whose header has been read.
    init(_ file: StoreFile, _ header: SegmentHeader) throws(StrataError) {
        self.file = file
        binding = header.binding
        mapping = nil
        if header.kind == .compacted { _ = try file.segmentLength() }
        compacted =
            header.kind == .compacted ? CompactedSegment(try CompactedLayout(file, binding: header.binding)) : nil
    }

    /// Opens a segment of events.
    ///
    /// - Parameters:
    ///   - name: the file's, where it is not yet that of the segment.
    ///   - isSealed: whether the file does not grow any more, so that the whole of it can be mapped.
    init(
        _ segment: SegmentIdentity, in name: String? = nil, isSealed: Bool = false, storeID: UInt128,
        on device: any Device
    ) throws(StrataError) {
        file = try StoreFile(name ?? segment.name, .read, on: device)
        binding = segment.binding(storeID: storeID)
        if segment.isCompacted { _ = try file.segmentLength() }
        compacted = segment.isCompacted ? CompactedSegment(try CompactedLayout(file, binding: binding)) : nil
        mapping = compacted == nil && device.mapsFiles ? Self.mapping(of: file, isSealed: isSealed) : nil
    }

    /// The file in memory; nil where that cannot be had: the file is read then.
    ///
    /// What a file has not come to yet is mapped as well, and can be had once it is written; nobody asks for it before.
    private static func mapping(of file: StoreFile, isSealed: Bool) -> FileMapping? {
        do throws(StrataError) {
            let length = isSealed ? try file.length() : growingBytes
            return length > 0 ? try file.map(length: length) : nil
        } catch {
            return nil
        }
    }

    var name: String { file.name }
    var path: String { file.path }

    /// Where the content ends.
    func length() throws(StrataError) -> Int {
        if let compacted { compacted.contentLength } else { try file.length() }
    }

    func fileLength() throws(StrataError) -> Int {
        try file.length()
    }

    /// Appends up to `count` bytes from an offset to a buffer; returns how many there were.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where a block does not verify.
    func read(_ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]) throws(StrataError) -> Int {
        guard let compacted else { return try file.read(count, at: offset, appendingTo: &buffer) }
        return try compacted.read(count, at: offset, appendingTo: &buffer) { block throws(StrataError) in
            throw StrataError(damaged: block, of: file)
        }
    }

    /// Appends up to `count` bytes from an offset to a buffer, and zeros for a block that does not verify; returns how
    /// many there were.
    func readWhatIsSound(
        _ count: Int, at offset: Int, appendingTo buffer: inout [UInt8]
    ) throws(StrataError) -> Int {
        guard let compacted else { return try file.read(count, at: offset, appendingTo: &buffer) }
        return try compacted.read(count, at: offset, appendingTo: &buffer) { _ throws(StrataError) in }
    }

    /// The bytes from an offset: fewer than `count` only at the end of the content.
    func read(_ count: Int, at offset: Int) throws(StrataError) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(count)
        _ = try read(count, at: offset, appendingTo: &buffer)
        return buffer
    }

    /// Has the processor fetch the frame at an offset, where it can, and waits for nothing.
    func prefetch(_ offset: Int) {
        mapping?.prefetch(offset, count: Self.prefetchedBytes)
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
        if let compacted { return try compacted.readFrame(at: offset, before: end, into: &buffer) }
        let start = buffer.count
        if let mapping, let header = mappedFrame(at: offset, before: end, guess: guess, mapping, into: &buffer) {
            return header
        }
        // What the mapping cannot give, or gives wrongly, is asked of the file: the file says why, and there are file systems
        // whose mappings do not show what was written meanwhile.
        buffer.removeLast(buffer.count - start)
        do throws(StrataError) {
            return try readFrameOfFile(at: offset, before: end, guess: guess, into: &buffer)
        } catch  where error.code == .ioFailure && guess > Format.frameHeaderBytes {
            // It may be what stands behind the frame that the device cannot give.
            buffer.removeLast(buffer.count - start)
            return try readFrameOfFile(at: offset, before: end, guess: Format.frameHeaderBytes, into: &buffer)
        }
    }

    private func readFrameOfFile(
        at offset: Int, before end: Int, guess: Int, into buffer: inout [UInt8]
    ) throws(StrataError) -> FrameHeader? {
        try readFrame(at: offset, before: end, guess: guess, into: &buffer) {
            count, offset, buffer throws(StrataError) in try file.read(count, at: offset, appendingTo: &buffer)
        }
    }

    private func mappedFrame(
        at offset: Int, before end: Int, guess: Int, _ mapping: FileMapping, into buffer: inout [UInt8]
    ) -> FrameHeader? {
        readFrame(at: offset, before: end, guess: guess, into: &buffer) { count, offset, buffer in
            mapping.copy(offset..<offset + count, appendingTo: &buffer) ? count : 0
        }
    }

    /// As ``readFrame(at:before:guess:into:)`` where that waits for no device; nil where it would, and where no frame
    /// verifies.
    func cachedFrame(at offset: Int, before end: Int, into buffer: inout [UInt8]) -> FrameHeader? {
        guard compacted == nil else { return nil }
        return readFrame(at: offset, before: end, guess: Self.prefetchedBytes, into: &buffer) { count, offset, buffer in
            file.readCached(count, at: offset, appendingTo: &buffer)
        }
    }

    @inline(__always)
    private func readFrame<Failure: Error>(
        at offset: Int, before end: Int, guess: Int, into buffer: inout [UInt8],
        _ copy: (_ count: Int, _ offset: Int, _ buffer: inout [UInt8]) throws(Failure) -> Int
    ) throws(Failure) -> FrameHeader? {
        let start = buffer.count
        let available = max(0, end - offset)
        let count = try copy(min(guess, available), offset, &buffer)
        guard
            count >= Format.frameHeaderBytes,
            let header = FrameHeader(
                decoding: buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes), at: offset,
                binding: binding),
            header.frameLength <= available
        else { return nil }
        if header.frameLength > count {
            _ = try copy(header.frameLength - count, offset + count, &buffer)
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
