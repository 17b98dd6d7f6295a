import Testing

@testable import Strata

@Suite struct BlockHeaderTests {
    private static let binding = ChecksumBinding(storeID: 7, kind: .compacted, number: 1, generation: 3)
    private static let offset = 4_096

    /// A possible header of a kind, with as many fields set as the kind allows.
    static func header(_ kind: BlockHeader.Kind) -> BlockHeader {
        var header: BlockHeader
        switch kind {
        case .dictionary:
            header = BlockHeader(
                kind: .dictionary, compression: .lz4, storedLength: 1_001, contentLength: Format.longestDictionary,
                bodyChecksum: 0xA1A2_A3A4)
        case .frames:
            header = BlockHeader(
                kind: .frames, compression: .lz4WithDictionary, storedLength: 1_001, contentLength: 4_000,
                bodyChecksum: 0xA1A2_A3A4)
            header.frameCount = 45
            header.contentOffset = 64
            header.firstPosition = 77
        case .footer:
            header = BlockHeader(
                kind: .footer, compression: .none, storedLength: 56, contentLength: 56, bodyChecksum: 0xA1A2_A3A4)
            header.contentOffset = 9_000
        }
        return header
    }

    static let kinds: [BlockHeader.Kind] = [.dictionary, .frames, .footer]

    private static func encoded(_ header: BlockHeader, at offset: Int = offset) -> [UInt8] {
        var bytes: [UInt8] = []
        header.encode(into: &bytes, at: offset, binding: binding)
        return bytes
    }

    private static func decoded(_ bytes: [UInt8], at offset: Int = offset) -> BlockHeader? {
        BlockHeader(decoding: bytes, at: offset, binding: binding)
    }

    @Test(arguments: kinds)
    func whatIsEncodedIsDecoded(_ kind: BlockHeader.Kind) {
        #expect(Self.decoded(Self.encoded(Self.header(kind))) == Self.header(kind))
    }

    @Test(arguments: kinds)
    func everyFlippedBitIsNoticed(_ kind: BlockHeader.Kind) {
        for (bit, bytes) in Self.encoded(Self.header(kind)).withEachBitFlipped {
            #expect(Self.decoded(bytes) == nil, "bit \(bit)")
        }
    }

    @Test func aHeaderThatIsCutOffIsRefused() {
        for length in 0..<Format.blockHeaderBytes {
            #expect(Self.decoded(Array(Self.encoded(Self.header(.frames)).prefix(length))) == nil)
        }
    }

    @Test func aHeaderVerifiesInItsOwnPlaceOnly() {
        let bytes = Self.encoded(Self.header(.frames))
        #expect(Self.decoded(bytes, at: Self.offset + 8) == nil)
        let other = ChecksumBinding(storeID: 7, kind: .compacted, number: 1, generation: 4)
        #expect(BlockHeader(decoding: bytes, at: Self.offset, binding: other) == nil)
    }

    @Test func fieldsAtTheirLimitsAreKept() {
        var header = Self.header(.frames)
        header.contentLength = Format.longestBlock
        header.storedLength = Format.longestBlock / LZ4Block.highestRatio
        header.frameCount = Format.longestBlock / Format.frameHeaderBytes
        header.contentOffset = Format.longestSegment - Format.longestBlock
        header.firstPosition = Format.numberLimit - 1
        #expect(Self.decoded(Self.encoded(header)) == header)
        // 72 blocks of 56 bytes, each with a frame of 88.
        header = Self.header(.footer)
        (header.storedLength, header.contentLength, header.contentOffset) = (624, 624, 64 + 72 * 88)
        #expect(Self.decoded(Self.encoded(header)) == header)
        header.contentOffset -= 8
        #expect(Self.decoded(Self.encoded(header)) == nil)
        let last = Format.longestSegment - Self.header(.footer).blockLength
        #expect(Self.decoded(Self.encoded(Self.header(.footer), at: last), at: last) == Self.header(.footer))
        #expect(Self.decoded(Self.encoded(Self.header(.footer), at: last + 8), at: last + 8) == nil)
    }

    typealias Change = (String, @Sendable (inout BlockHeader) -> Void)

    static let impossibleAnywhere: [Change] = [
        ("no content", { ($0.storedLength, $0.contentLength, $0.compression) = (0, 0, .none) }),
        ("another length where it is not compressed", { ($0.compression, $0.storedLength) = (.none, 48) }),
    ]
    static let impossibleDictionaries: [Change] = [
        ("compressed with itself", { $0.compression = .lz4WithDictionary }),
        ("too long", { $0.contentLength = Format.longestDictionary + 1 }),
        ("frames", { $0.frameCount = 1 }), ("a place in the content", { $0.contentOffset = 64 }),
        ("a position", { $0.firstPosition = 1 }),
    ]
    static let impossibleFrames: [Change] = [
        ("compressed without getting shorter", { $0.storedLength = $0.contentLength }),
        ("expanding without limit", { $0.storedLength = $0.contentLength / 256 - 1 }),
        (
            "too long",
            {
                $0.contentLength = Format.longestBlock + 8
                $0.storedLength = $0.contentLength / 2
            }
        ),
        ("an end at no multiple of 8", { $0.contentLength += 4 }),
        ("a begin within the segment's header", { $0.contentOffset = 56 }),
        ("a begin at no multiple of 8", { $0.contentOffset = 68 }),
        ("an end behind the longest segment", { $0.contentOffset = Format.longestSegment - 3_992 }),
        ("a position at the limit", { $0.firstPosition = Format.numberLimit }),
        ("no frames", { $0.frameCount = 0 }), ("more frames than there is room for", { $0.frameCount = 46 }),
    ]
    static let impossibleFooters: [Change] = [
        ("compressed", { ($0.compression, $0.contentLength) = (.lz4, 80) }), ("frames", { $0.frameCount = 1 }),
        ("a position", { $0.firstPosition = 1 }),
        (
            "an end within the segment's header",
            {
                // As short as one that names no block.
                $0.storedLength = CompactedFooter.longest(at: offset, contentLength: Format.segmentHeaderBytes)
                $0.contentLength = $0.storedLength
                $0.contentOffset = 56
            }
        ),
        ("an end behind the longest segment", { $0.contentOffset = Format.longestSegment + 8 }),
        (
            "more blocks than there is room for in the file",
            { ($0.storedLength, $0.contentLength, $0.contentOffset) = (632, 632, Format.longestSegment) }
        ),
        (
            "more blocks than there is room for in the content",
            { ($0.storedLength, $0.contentLength, $0.contentOffset) = (64, 64, 64 + 88 + 80) }
        ),
        ("all that a number can say", { ($0.storedLength, $0.contentLength) = (0xFFFF_FFFF, 0xFFFF_FFFF) }),
    ]

    @Test(arguments: kinds)
    func anImpossibleFieldUnderARightChecksumIsRefused(_ kind: BlockHeader.Kind) {
        let ofKind =
            switch kind {
            case .dictionary: Self.impossibleDictionaries
            case .frames: Self.impossibleFrames
            case .footer: Self.impossibleFooters
            }
        for (field, change) in Self.impossibleAnywhere + ofKind {
            var header = Self.header(kind)
            change(&header)
            #expect(Self.decoded(Self.encoded(header)) == nil, "\(field)")
        }
    }

    @Test func bytesThatNoFieldCanHoldAreRefused() {
        let bytes = Self.encoded(Self.header(.frames))
        let crafted = [
            bytes.with(UInt8(0), at: 20), bytes.with(UInt8(4), at: 20), bytes.with(UInt8(3), at: 21),
            bytes.with(UInt8(255), at: 21), bytes.with(UInt16(1), at: 22), bytes.with(UInt32(1), at: 28),
            bytes.with(UInt64.max, at: 32), bytes.with(UInt64.max, at: 40),
        ]
        for (index, bytes) in crafted.enumerated() {
            #expect(Self.decoded(bytes.resealed(at: Self.offset, Self.binding)) == nil, "\(index)")
        }
    }

    @Test func aHeaderBeginsWithItsMagicNumber() {
        let bytes = Self.encoded(Self.header(.frames)).with(Format.frameMagic, at: 0)
        #expect(Self.decoded(bytes.resealed(at: Self.offset, Self.binding)) == nil)
    }
}
