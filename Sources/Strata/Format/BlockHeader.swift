/// The first 48 bytes of a block of a compacted segment.
package struct BlockHeader: Hashable, Sendable {
    /// What a block holds.
    package enum Kind: UInt8, Hashable, Sendable {
        /// Bytes that the other blocks' compression refers to.
        case dictionary = 1
        /// Whole frames.
        case frames = 2
        /// The end of the segment: what it holds, and where.
        case footer = 3
    }

    /// How a block's content is stored.
    package enum Compression: UInt8, Hashable, Sendable {
        case none = 0
        case lz4 = 1
        /// LZ4 with the segment's dictionary in front of the content.
        case lz4WithDictionary = 2
    }

    package var kind: Kind
    package var compression: Compression
    /// The length of the stored body, without padding.
    package var storedLength: Int
    package var contentLength: Int
    /// Of the stored body, padding included.
    package var bodyChecksum: UInt32
    package var frameCount = 0
    /// Where the content of the segment goes on behind this header: the offset of the block's first frame, or of the
    /// end where no frame follows; 0 of a dictionary.
    package var contentOffset = 0
    /// The position of the block's first commit; 0 if it holds none.
    package var firstPosition = 0

    package init(kind: Kind, compression: Compression, storedLength: Int, contentLength: Int, bodyChecksum: UInt32) {
        self.kind = kind
        self.compression = compression
        self.storedLength = storedLength
        self.contentLength = contentLength
        self.bodyChecksum = bodyChecksum
    }

    /// Header and padded body, in bytes.
    package var blockLength: Int { Format.blockHeaderBytes + Format.aligned(storedLength) }

    /// Appends the encoded header, its checksum bound to where it will stand.
    package func encode(into bytes: inout [UInt8], at offset: Int, binding: ChecksumBinding) {
        let start = bytes.count
        bytes.append(number: Format.blockMagic)
        bytes.append(number: UInt32(0))
        bytes.append(number: UInt32(storedLength))
        bytes.append(number: UInt32(contentLength))
        bytes.append(number: bodyChecksum)
        bytes.append(kind.rawValue)
        bytes.append(compression.rawValue)
        bytes.append(number: UInt16(0))
        bytes.append(number: UInt32(frameCount))
        bytes.append(number: UInt32(0))
        bytes.append(number: UInt64(contentOffset))
        bytes.append(number: UInt64(firstPosition))
        let checksum = binding.checksum(
            of: bytes.span.bytes.extracting(start + 8..<start + Format.blockHeaderBytes), at: offset)
        bytes.store(checksum, at: start + 4)
    }

    /// Reads the header of a block that stands at an offset of its file; nil where there is none that verifies.
    package init?(decoding bytes: RawSpan, at offset: Int, binding: ChecksumBinding) {
        guard
            bytes.byteCount >= Format.blockHeaderBytes,
            bytes.number(at: 0, as: UInt32.self) == Format.blockMagic,
            bytes.number(at: 4, as: UInt32.self)
                == binding.checksum(of: bytes.extracting(8..<Format.blockHeaderBytes), at: offset),
            let kind = Kind(rawValue: bytes.number(at: 20)),
            let compression = Compression(rawValue: bytes.number(at: 21)),
            bytes.number(at: 22, as: UInt16.self) == 0, bytes.number(at: 28, as: UInt32.self) == 0,
            let contentOffset = Int(exactly: bytes.number(at: 32, as: UInt64.self)),
            let firstPosition = Int(exactly: bytes.number(at: 40, as: UInt64.self))
        else { return nil }
        self.init(
            kind: kind, compression: compression, storedLength: Int(bytes.number(at: 8, as: UInt32.self)),
            contentLength: Int(bytes.number(at: 12, as: UInt32.self)), bodyChecksum: bytes.number(at: 16))
        self.frameCount = Int(bytes.number(at: 24, as: UInt32.self))
        self.contentOffset = contentOffset
        self.firstPosition = firstPosition
        guard offset <= Format.longestSegment - blockLength, isConsistent(at: offset) else { return nil }
    }

    /// Whether the fields fit the kind; a crafted header may verify and still not.
    private func isConsistent(at offset: Int) -> Bool {
        let isStored =
            compression == .none
            ? storedLength == contentLength
            : storedLength < contentLength && contentLength / LZ4Block.highestRatio <= storedLength
        guard isStored, contentLength > 0 else { return false }
        switch kind {
        case .dictionary:
            return compression != .lz4WithDictionary && contentLength <= Format.longestDictionary && frameCount == 0
                && contentOffset == 0 && firstPosition == 0
        case .frames:
            return contentLength <= Format.longestBlock && contentLength.isMultiple(of: Format.alignment)
                && contentOffset >= Format.segmentHeaderBytes && contentOffset.isMultiple(of: Format.alignment)
                && contentOffset <= Format.longestSegment - contentLength && firstPosition < Format.numberLimit
                && (1...contentLength / Format.frameHeaderBytes).contains(frameCount)
        case .footer:
            return compression == .none && frameCount == 0 && firstPosition == 0
                && contentOffset >= Format.segmentHeaderBytes && contentOffset <= Format.longestSegment
                && storedLength <= CompactedFooter.longest(at: offset, contentLength: contentOffset)
        }
    }
}
