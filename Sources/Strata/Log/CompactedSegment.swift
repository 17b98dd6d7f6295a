import Synchronization

/// The file of a compacted segment: blocks of frames, which are read and expanded one by one.
///
/// Its content is what the frames were before they were compressed, at offsets of their own, behind the file's header.
/// Every block is verified when it is read. Calls may block.
final class CompactedSegment: Sendable {
    /// Stored bytes that one read asks for.
    private static let chunk = 1 << 20
    /// The content of a longer block is kept while it is read part by part; no writer makes one of more than one frame.
    private static let longBlock = FeedCursor.pieceBytes

    let file: StoreFile
    let binding: ChecksumBinding
    /// Where the blocks of frames begin, and behind them where the last one ends.
    private let blocks: [CompactedFooter.Block]
    /// nil where it does not verify, and then blocks that need it do not either.
    private let dictionary: [UInt8]?
    /// nil where it does not verify; then the blocks were looked for one by one.
    let totals: FooterBody?
    /// What is damaged beside blocks of frames.
    let damage: [Damage]
    /// The block that was read last, for whoever reads frame by frame, or a long one in parts.
    private let recent = Mutex<(block: Int, content: [UInt8])?>(nil)
    /// The last answer of ``lastPosition(of:)``, and the blocks that it holds for.
    private let told = Mutex<(blocks: Range<Int>, lastPosition: Int?)?>(nil)

    init(_ layout: CompactedLayout) {
        file = layout.file
        binding = layout.binding
        blocks = layout.blocks + [layout.end]
        dictionary = layout.dictionary
        totals = layout.totals
        damage = layout.damage
    }

    /// Where the content ends.
    var contentLength: Int { blocks[blocks.count - 1].contentOffset }

    /// A block of frames, by its place in the file and in the content.
    struct Block: Hashable {
        let index: Int
        let offsets: Range<Int>
        let contentOffsets: Range<Int>
    }

    /// The block that an offset of the content lies in; nil where none does. O(log blocks).
    func block(containing offset: Int) -> Block? {
        guard offset >= Format.segmentHeaderBytes, offset < contentLength else { return nil }
        let next = blocks.partitionPoint(where: { $0.contentOffset <= offset }) ?? blocks.count - 1
        return block(next - 1)
    }

    private func block(_ index: Int) -> Block? {
        guard index >= 0, index + 1 < blocks.count else { return nil }
        return Block(
            index: index, offsets: blocks[index].offset..<blocks[index + 1].offset,
            contentOffsets: blocks[index].contentOffset..<blocks[index + 1].contentOffset)
    }

    /// The header of a block; nil where it does not verify.
    func header(of block: Block) throws(StrataError) -> BlockHeader? {
        let bytes = try file.read(Format.blockHeaderBytes, at: block.offsets.lowerBound)
        return header(of: block, in: bytes.span.bytes)
    }

    /// Whether a block can be read.
    func verifies(_ block: Block) throws(StrataError) -> Bool {
        let stored = try read(block.offsets)
        var content: [UInt8] = []
        return expand(block, stored: stored.span.bytes, first: block.contentOffsets.count, appendingTo: &content)
    }

    /// The stored bytes of blocks; none of what is longer than any block, as a place where none was found can be.
    private func read(_ offsets: Range<Int>) throws(StrataError) -> [UInt8] {
        guard offsets.count <= Format.longestBlock + Format.blockHeaderBytes else { return [] }
        return try file.read(offsets.count, at: offsets.lowerBound)
    }

    /// The last position that the frames of a block can have, as the blocks behind it or the footer say.
    ///
    /// Whoever asks for blocks in their order has every header read once at most, however many tell no position.
    func lastPosition(of block: Block) throws(StrataError) -> Int? {
        if let told = told.withLock({ $0 }), told.blocks.contains(block.index) { return told.lastPosition }
        var last = totals.flatMap { Int(exactly: $0.lastPosition) }
        var next = block.index + 1
        while let following = self.block(next) {
            if let first = try header(of: following)?.firstPosition, first > 0 {
                last = first - 1
                break
            }
            next += 1
        }
        told.withLock { [next, last] in $0 = (block.index..<next, last) }
        return last
    }

    private func header(of block: Block, in bytes: RawSpan) -> BlockHeader? {
        guard
            let header = BlockHeader(decoding: bytes, at: block.offsets.lowerBound, binding: binding),
            header.kind == .frames, header.contentOffset == block.contentOffsets.lowerBound,
            header.contentLength == block.contentOffsets.count, header.blockLength == block.offsets.count
        else { return nil }
        return header
    }

    /// Appends the content of a stored block, or a part from its beginning, to a buffer.
    ///
    /// - Returns: whether the block verifies; if not, nothing was appended.
    private func expand(
        _ block: Block, stored bytes: RawSpan, first count: Int, appendingTo buffer: inout [UInt8]
    ) -> Bool {
        guard bytes.byteCount == block.offsets.count, let header = header(of: block, in: bytes) else { return false }
        let body = bytes.extracting(Format.blockHeaderBytes..<bytes.byteCount)
        guard
            Checksum.crc32c(body) == header.bodyChecksum,
            body.isZero(in: header.storedLength..<body.byteCount)
        else { return false }
        let stored = body.extracting(0..<header.storedLength)
        switch header.compression {
        case .none:
            // Safe: the pointer is used only during the call.
            stored.extracting(0..<count).withUnsafeBytes { buffer.append(contentsOf: $0) }
            return true
        case .lz4:
            return LZ4Block.decompress(
                stored, length: header.contentLength, first: count, dictionary: [], appendingTo: &buffer)
        case .lz4WithDictionary:
            guard let dictionary else { return false }
            return LZ4Block.decompress(
                stored, length: header.contentLength, first: count, dictionary: dictionary, appendingTo: &buffer)
        }
    }
}

extension CompactedSegment {
    /// Appends up to `count` bytes of the content from an offset to a buffer; returns how many there were.
    ///
    /// - Parameter isDamaged: told of blocks that do not verify, for which zeros are appended.
    func read(
        _ count: Int, at offset: Int, appendingTo buffer: inout [UInt8], isDamaged: (Block) throws(StrataError) -> Void
    ) throws(StrataError) -> Int {
        let end = min(offset + count, contentLength)
        var next = offset
        if next < Format.segmentHeaderBytes {
            next += try file.read(min(count, Format.segmentHeaderBytes - next), at: next, appendingTo: &buffer)
        }
        while next < end, let first = block(containing: next) {
            if first.contentOffsets.count > Self.longBlock {
                let wanted = next..<min(end, first.contentOffsets.upperBound)
                if try !append(wanted, ofLong: first, to: &buffer) {
                    try isDamaged(first)
                    buffer.append(contentsOf: repeatElement(0, count: wanted.count))
                }
                next = wanted.upperBound
                continue
            }
            let last = lastBlock(of: first, before: end)
            let stored = try read(first.offsets.lowerBound..<last.offsets.upperBound)
            for index in first.index...last.index {
                guard let block = block(index) else { break }
                // A file that has been cut meanwhile may end before the block begins.
                let start = min(block.offsets.lowerBound - first.offsets.lowerBound, stored.count)
                let isThere = start + block.offsets.count <= stored.count
                let bytes = stored.span.bytes.extracting(start..<start + (isThere ? block.offsets.count : 0))
                let wanted = next..<min(end, block.contentOffsets.upperBound)
                if !append(wanted, of: block, stored: bytes, to: &buffer) {
                    try isDamaged(block)
                    buffer.append(contentsOf: repeatElement(0, count: wanted.count))
                }
                next = wanted.upperBound
            }
        }
        return max(0, next - offset)
    }

    /// The last of the blocks from one on that a single read takes, to reach an offset of the content.
    private func lastBlock(of first: Block, before end: Int) -> Block {
        var last = first
        while last.contentOffsets.upperBound < end, let next = block(last.index + 1),
            next.offsets.upperBound - first.offsets.lowerBound <= Self.chunk
        {
            last = next
        }
        return last
    }

    /// Appends a part of a block's content to a buffer; returns whether the block verifies.
    private func append(_ wanted: Range<Int>, of block: Block, stored: RawSpan, to buffer: inout [UInt8]) -> Bool {
        let skipped = wanted.lowerBound - block.contentOffsets.lowerBound
        let count = wanted.upperBound - block.contentOffsets.lowerBound
        guard skipped > 0 else { return expand(block, stored: stored, first: count, appendingTo: &buffer) }
        var content: [UInt8] = []
        guard expand(block, stored: stored, first: count, appendingTo: &content) else { return false }
        buffer.append(contentsOf: content[skipped...])
        return true
    }

    /// Appends a part of a long block's content to a buffer; returns whether the block verifies.
    ///
    /// The block is kept until a walk, forward or backward, has come to its end: each of many open segments may have one.
    private func append(
        _ wanted: Range<Int>, ofLong block: Block, to buffer: inout [UInt8]
    ) throws(StrataError) -> Bool {
        let wasKept = recent.withLock { $0?.block == block.index }
        guard let content = try content(of: block) else { return false }
        let start = block.contentOffsets.lowerBound
        buffer.append(contentsOf: content[wanted.lowerBound - start..<wanted.upperBound - start])
        let (isFirst, isLast) = (wanted.lowerBound == start, wanted.upperBound == block.contentOffsets.upperBound)
        if wasKept ? isFirst || isLast : isFirst && isLast { recent.withLock { $0 = nil } }
        return true
    }

    /// The content of a block, which is kept until that of another one is; nil where the block does not verify.
    private func content(of block: Block) throws(StrataError) -> [UInt8]? {
        if let recent = recent.withLock({ $0?.block == block.index ? $0?.content : nil }) { return recent }
        let stored = try read(block.offsets)
        var content: [UInt8] = []
        let count = block.contentOffsets.count
        guard expand(block, stored: stored.span.bytes, first: count, appendingTo: &content) else { return nil }
        recent.withLock { [content] in $0 = (block.index, content) }
        return content
    }

    /// Appends the frame at an offset of the content to a buffer and verifies it.
    ///
    /// - Returns: its header; nil where no frame verifies there.
    func readFrame(at offset: Int, before end: Int, into buffer: inout [UInt8]) throws(StrataError) -> FrameHeader? {
        guard let block = block(containing: offset), let content = try content(of: block) else { return nil }
        let frame = content.span.bytes.extracting(offset - block.contentOffsets.lowerBound..<content.count)
        guard
            let header = FrameHeader(decoding: frame, at: offset, binding: binding),
            header.frameLength <= min(frame.byteCount, end - offset),
            header.verifies(body: frame.extracting(Format.frameHeaderBytes..<header.frameLength))
        else { return nil }
        // Safe: the pointer is used only during the call.
        frame.extracting(0..<header.frameLength).withUnsafeBytes { buffer.append(contentsOf: $0) }
        return header
    }
}
