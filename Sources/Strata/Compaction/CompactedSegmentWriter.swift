/// Writes the file of a compacted segment: frames gathered into blocks, each compressed by itself.
struct CompactedSegmentWriter {
    /// A block ends before a frame would make its content longer than this, in bytes; a longer frame has one of its own.
    /// `Docs/Decisions/0023-compressed-blocks.md` tells how this and the rest were chosen.
    static let blockBytes = 4 << 10
    static let dictionaryBytes = 56 << 10
    static let compressionLevel = 4
    private static let bufferBytes = 128 << 10

    private let segment: SegmentIdentity
    private let file: StoreFile
    private let binding: ChecksumBinding
    private let compressor: LZ4Compressor?
    private let compression: BlockHeader.Compression
    /// Told of bytes that are about to be written.
    private let willWrite: (Int) throws(StrataError) -> Void

    private var buffer: [UInt8] = []
    private var bufferStart = 0
    /// The content of the block that is being filled.
    private var block: [UInt8] = []
    private var blockStart = Format.segmentHeaderBytes
    private var blockFrames = 0
    private var blockFirstPosition = 0
    private var blocks: [CompactedFooter.Block] = []
    private var digest: SegmentDigest
    private var eventCount = 0
    private var commitCount = 0

    /// Begins the file; one of that name is left over from an attempt that failed.
    ///
    /// - Parameters:
    ///   - dictionary: what the blocks will have in common, of live events only.
    ///   - willWrite: told of bytes that are about to be written; throws to end the job.
    init(
        _ segment: SegmentIdentity, storeID: UInt128, compression: CompactionOptions.Compression, dictionary: [UInt8],
        on device: any Device, willWrite: @escaping (Int) throws(StrataError) -> Void
    ) throws(StrataError) {
        self.segment = segment
        self.willWrite = willWrite
        binding = segment.binding(storeID: storeID)
        let header = SegmentHeader(
            kind: .compacted, storeID: storeID, number: segment.number, epoch: segment.generation,
            createdAt: device.now()
        ).encoded()
        buffer = header
        digest = SegmentDigest(segmentHeader: header.span.bytes)
        self.compression = dictionary.isEmpty ? .lz4 : .lz4WithDictionary
        compressor =
            compression == .lz4 ? LZ4Compressor(dictionary: dictionary, level: Self.compressionLevel) : nil
        try device.removeIfPresent(segment.name)
        file = try StoreFile(segment.name, .create, on: device)
        if !dictionary.isEmpty {
            let compressed = LZ4Compressor(level: Self.compressionLevel).compress(dictionary.span.bytes)
            try append(
                compressed ?? dictionary, kind: .dictionary, compression: compressed == nil ? .none : .lz4,
                contentLength: dictionary.count)
        }
    }

    private var offset: Int { bufferStart + buffer.count }

    /// Appends what is kept of a frame.
    ///
    /// - Parameter body: of the original frame.
    /// - Returns: its header and offset in the content.
    @discardableResult
    mutating func append(_ frame: LiveFrame, body: RawSpan) throws(StrataError) -> (header: FrameHeader, offset: Int) {
        let header = frame.header.compacted(generation: segment.generation)
        if !block.isEmpty, block.count + header.frameLength > Self.blockBytes { try endBlock() }
        let start = block.count
        let offset = blockStart + start
        header.encode(into: &block, at: offset, binding: binding)
        var digest = digest
        digest.add(frameHeader: block.span.bytes.extracting(start..<start + Format.frameHeaderBytes))
        self.digest = digest
        frame.append(body, to: &block)
        blockFrames += 1
        if header.kind == .commit {
            if blockFirstPosition == 0 { blockFirstPosition = header.firstPosition }
            commitCount += 1
            eventCount += header.eventCount
        }
        return (header, offset)
    }

    private mutating func endBlock() throws(StrataError) {
        guard !block.isEmpty else { return }
        blocks.append(CompactedFooter.Block(contentOffset: blockStart, offset: offset))
        let compressed = compressor?.compress(block.span.bytes)
        try append(
            compressed ?? block, kind: .frames, compression: compressed == nil ? .none : compression,
            contentLength: block.count)
        blockStart += block.count
        block.removeAll(keepingCapacity: true)
        blockFrames = 0
        blockFirstPosition = 0
    }

    private mutating func append(
        _ body: [UInt8], kind: BlockHeader.Kind, compression: BlockHeader.Compression, contentLength: Int
    ) throws(StrataError) {
        var padded = body
        padded.padToAlignment()
        var header = BlockHeader(
            kind: kind, compression: compression, storedLength: body.count, contentLength: contentLength,
            bodyChecksum: Checksum.crc32c(padded.span.bytes))
        header.contentOffset = kind == .dictionary ? 0 : blockStart
        header.frameCount = kind == .frames ? blockFrames : 0
        header.firstPosition = kind == .frames ? blockFirstPosition : 0
        header.encode(into: &buffer, at: offset, binding: binding)
        buffer.append(contentsOf: padded)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Writes what has gathered and syncs it: a long sync at the end would hold up the log's own.
    private mutating func flush() throws(StrataError) {
        try willWrite(buffer.count)
        try file.write(buffer.span.bytes, at: bufferStart)
        try file.sync()
        bufferStart += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Ends the file, and makes it durable.
    ///
    /// - Parameter lastPosition: the end of the range that the segment stands for.
    /// - Returns: what the manifest is to say of it.
    mutating func finish(lastPosition: UInt64) throws(StrataError) -> Manifest.SealedSegment {
        try endBlock()
        let totals = FooterBody(
            lastPosition: lastPosition, eventCount: UInt64(eventCount), commitCount: UInt64(commitCount),
            contentLength: UInt64(blockStart), digest: digest.value)
        let footer = CompactedFooter(totals: totals, blocks: blocks).encoded(at: offset)
        try append(footer, kind: .footer, compression: .none, contentLength: footer.count)
        if !buffer.isEmpty { try flush() }
        return Manifest.SealedSegment(
            firstPosition: segment.number, lastPosition: lastPosition, bytes: UInt64(bufferStart),
            eventCount: totals.eventCount, commitCount: totals.commitCount, digest: totals.digest,
            generation: segment.generation, contentLength: totals.contentLength)
    }
}
