/// Where the blocks of a compacted segment are: as its footer says, or, where the footer does not verify, as a walk from
/// block to block finds them.
struct CompactedLayout {
    let file: StoreFile
    let binding: ChecksumBinding
    private let length: Int
    /// The blocks of frames, in order. A place where none was found has an entry that no block verifies at.
    private(set) var blocks: [CompactedFooter.Block] = []
    /// Where the content and its last block end.
    private(set) var end = CompactedFooter.Block(
        contentOffset: Format.segmentHeaderBytes, offset: Format.segmentHeaderBytes)
    private(set) var dictionary: [UInt8]? = []
    private(set) var totals: FooterBody?
    private(set) var damage: [Damage] = []

    /// Reads the layout of a file. May block.
    init(_ file: StoreFile, binding: ChecksumBinding) throws(StrataError) {
        self.file = file
        self.binding = binding
        length = try file.length()
        if let (footer, offset) = try readFooter() {
            totals = footer.totals
            blocks = footer.blocks
            end = CompactedFooter.Block(contentOffset: Int(footer.totals.contentLength), offset: offset)
            let first = blocks.first?.offset ?? offset
            if first > Format.segmentHeaderBytes { try readDictionary(before: first) }
        } else {
            try findBlocks()
        }
    }

    /// The footer and its place, as the last bytes of the file say; nil where no footer verifies there.
    private func readFooter() throws(StrataError) -> (CompactedFooter, Int)? {
        let trailer = try file.read(8, at: max(0, length - 8))
        guard
            let offset = CompactedFooter.offset(fromTrailer: trailer.span.bytes), offset < length,
            offset >= Format.segmentHeaderBytes, let header = try header(at: offset), header.kind == .footer,
            offset + header.blockLength == length, let body = try body(of: header, at: offset),
            let footer = CompactedFooter(decoding: body.span.bytes, at: offset),
            footer.totals.contentLength == UInt64(header.contentOffset)
        else { return nil }
        return (footer, offset)
    }

    private mutating func readDictionary(before end: Int) throws(StrataError) {
        let start = Format.segmentHeaderBytes
        if let header = try header(at: start), header.kind == .dictionary, start + header.blockLength == end,
            let body = try body(of: header, at: start)
        {
            dictionary = header.expanded(body.span.bytes)
        } else {
            dictionary = nil
        }
        if dictionary == nil { record("the dictionary does not verify", start..<end) }
    }

    /// The header of the block at an offset; nil where none verifies whose block the file has room for.
    private func header(at offset: Int) throws(StrataError) -> BlockHeader? {
        let bytes = try file.read(Format.blockHeaderBytes, at: offset)
        guard
            let header = BlockHeader(decoding: bytes.span.bytes, at: offset, binding: binding),
            header.blockLength <= length - offset
        else { return nil }
        return header
    }

    /// The stored body of the block at an offset; nil where it does not verify.
    private func body(of header: BlockHeader, at offset: Int) throws(StrataError) -> [UInt8]? {
        var body = try file.read(header.blockLength - Format.blockHeaderBytes, at: offset + Format.blockHeaderBytes)
        guard
            Checksum.crc32c(body.span.bytes) == header.bodyChecksum, body.count >= header.storedLength,
            body.span.bytes.isZero(in: header.storedLength..<body.count)
        else { return nil }
        body.removeLast(body.count - header.storedLength)
        return body
    }

    private mutating func record(_ reason: String, _ offsets: Range<Int>) {
        damage.append(Damage(file: file.name, offset: offsets.lowerBound, length: offsets.count, reason: reason))
    }
}

extension CompactedLayout {
    /// Goes from block to block, and behind one that does not verify on to the next header that does.
    private mutating func findBlocks() throws(StrataError) {
        var offset = Format.segmentHeaderBytes
        var gapStart: Int?
        var search = BlockSearch(file, length: length, binding: binding)
        while let (found, header) = try search.next(from: offset) {
            if found > offset, gapStart == nil { gapStart = offset }
            switch header.kind {
            case .dictionary where found == Format.segmentHeaderBytes:
                try readDictionary(before: found + header.blockLength)
            case .frames where header.contentOffset >= end.contentOffset:
                closeGap(&gapStart, before: header.contentOffset)
                blocks.append(CompactedFooter.Block(contentOffset: header.contentOffset, offset: found))
                end = CompactedFooter.Block(
                    contentOffset: header.contentOffset + header.contentLength, offset: found + header.blockLength)
            case .footer where header.contentOffset >= end.contentOffset:
                closeGap(&gapStart, before: header.contentOffset)
                end = CompactedFooter.Block(contentOffset: header.contentOffset, offset: found)
                return record("the footer does not verify", found..<max(found, length))
            case .dictionary, .frames, .footer:
                if gapStart == nil { gapStart = found }
            }
            offset = found + header.blockLength
        }
        // A file that ends before its header does is damaged in its header.
        guard length >= Format.segmentHeaderBytes else { return }
        record("the footer does not verify", end.offset..<max(end.offset, length))
    }

    /// Enters a place where no block is, as far as content is missing there.
    private mutating func closeGap(_ gapStart: inout Int?, before contentOffset: Int) {
        if contentOffset > end.contentOffset {
            blocks.append(CompactedFooter.Block(contentOffset: end.contentOffset, offset: gapStart ?? end.offset))
        }
        gapStart = nil
    }
}

extension BlockHeader {
    /// What a stored body stands for that needs no dictionary; nil where it does not expand.
    fileprivate func expanded(_ body: RawSpan) -> [UInt8]? {
        switch compression {
        case .none: body.withUnsafeBytes { Array($0) }
        case .lz4: LZ4Block.decompress(body, length: contentLength)
        case .lz4WithDictionary: nil
        }
    }
}
