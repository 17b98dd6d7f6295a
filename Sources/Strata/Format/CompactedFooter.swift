/// The content of the last block of a compacted segment: what it holds, and where its blocks of frames are.
package struct CompactedFooter: Hashable, Sendable {
    /// Where a block of frames begins.
    package struct Block: Hashable, Sendable {
        /// In the content of the segment.
        package var contentOffset: Int
        /// In the file.
        package var offset: Int

        package init(contentOffset: Int, offset: Int) {
            self.contentOffset = contentOffset
            self.offset = offset
        }
    }

    private static let fixedBytes = 40
    private static let blockBytes = 8
    private static let trailerBytes = 8

    /// The totals, of the range and content that the segment stands for.
    package var totals: FooterBody
    package var blocks: [Block]

    package init(totals: FooterBody, blocks: [Block]) {
        self.totals = totals
        self.blocks = blocks
    }

    /// Encodes the footer.
    ///
    /// - Parameter offset: where in the file the footer's block will stand.
    package func encoded(at offset: Int) -> [UInt8] {
        var bytes = totals.encoded()
        for block in blocks {
            bytes.append(number: UInt32(block.contentOffset / Format.alignment))
            bytes.append(number: UInt32(block.offset / Format.alignment))
        }
        bytes.append(number: UInt64(offset))
        return bytes
    }

    /// Reads the content of a footer's block that stands at an offset of the file; nil where it is not laid out as it
    /// should be.
    package init?(decoding bytes: RawSpan, at offset: Int) {
        let end = bytes.byteCount - Self.trailerBytes
        guard
            end >= Self.fixedBytes, (end - Self.fixedBytes).isMultiple(of: Self.blockBytes),
            bytes.number(at: end, as: UInt64.self) == UInt64(offset),
            let totals = FooterBody(decoding: bytes.extracting(0..<Self.fixedBytes))
        else { return nil }
        self.totals = totals
        blocks = stride(from: Self.fixedBytes, to: end, by: Self.blockBytes).map { start in
            Block(
                contentOffset: Int(bytes.number(at: start, as: UInt32.self)) * Format.alignment,
                offset: Int(bytes.number(at: start + 4, as: UInt32.self)) * Format.alignment)
        }
        guard isConsistent(before: offset) else { return nil }
    }

    /// Whether the blocks follow one another, the content's first byte to its last, and the last position is one.
    private func isConsistent(before footer: Int) -> Bool {
        let end = totals.contentLength
        guard
            totals.lastPosition < UInt64(Format.numberLimit), end >= UInt64(Format.segmentHeaderBytes),
            end <= UInt64(Format.longestSegment)
        else { return false }
        var last = Block(contentOffset: Format.segmentHeaderBytes - 1, offset: Format.segmentHeaderBytes - 1)
        for block in blocks + [Block(contentOffset: Int(end), offset: footer)] {
            guard
                block.contentOffset > last.contentOffset, block.offset > last.offset,
                block.contentOffset - last.contentOffset <= Format.longestBlock,
                block.offset - last.offset <= Format.longestBlock + Format.blockHeaderBytes
            else { return false }
            last = block
        }
        return (blocks.first?.contentOffset ?? Int(end)) == Format.segmentHeaderBytes
    }

    /// How long a footer can be, in bytes, that names the blocks for which there is room before it: none is without a frame.
    static func longest(at offset: Int, contentLength: Int) -> Int {
        let shortest = Format.blockHeaderBytes + Format.alignment
        let blocks = min(
            (offset - Format.segmentHeaderBytes) / shortest,
            (contentLength - Format.segmentHeaderBytes) / Format.frameHeaderBytes)
        return fixedBytes + max(0, blocks) * blockBytes + trailerBytes
    }

    /// Where the footer's block begins, as the last bytes of a file say.
    package static func offset(fromTrailer bytes: RawSpan) -> Int? {
        guard bytes.byteCount >= trailerBytes else { return nil }
        return Int(exactly: bytes.number(at: bytes.byteCount - trailerBytes, as: UInt64.self))
    }
}
