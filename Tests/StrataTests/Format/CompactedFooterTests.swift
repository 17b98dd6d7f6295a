import Testing

@testable import Strata

@Suite struct CompactedFooterTests {
    private static let offset = 20_000
    private static let footer = CompactedFooter(
        totals: FooterBody(lastPosition: 99, eventCount: 60, commitCount: 50, contentLength: 30_000, digest: 7),
        blocks: [
            CompactedFooter.Block(contentOffset: 64, offset: 1_064),
            CompactedFooter.Block(contentOffset: 10_000, offset: 6_000),
        ])

    private static func decoded(_ footer: CompactedFooter) -> CompactedFooter? {
        decoded(footer.encoded(at: offset))
    }

    private static func decoded(_ bytes: [UInt8]) -> CompactedFooter? {
        CompactedFooter(decoding: bytes, at: offset)
    }

    @Test func whatIsEncodedIsDecoded() {
        #expect(Self.decoded(Self.footer) == Self.footer)
        let bytes = Self.footer.encoded(at: Self.offset)
        #expect(CompactedFooter.offset(fromTrailer: bytes) == Self.offset)
    }

    @Test func aSegmentOfWhichNothingIsLeftHasNoBlocks() {
        let empty = CompactedFooter(
            totals: FooterBody(lastPosition: 99, eventCount: 0, commitCount: 0, contentLength: 64, digest: 7),
            blocks: [])
        let bytes = empty.encoded(at: 64)
        #expect(CompactedFooter(decoding: bytes, at: 64) == empty)
    }

    @Test func aFooterOfAnotherLengthIsRefused() {
        let bytes = Self.footer.encoded(at: Self.offset)
        // With one block less it says something else, which may be right.
        for length in 0..<bytes.count where length != bytes.count - 8 {
            // With the trailer that belongs there.
            let cut = Array(bytes.prefix(max(0, length - 8)) + bytes.suffix(min(8, length)))
            #expect(Self.decoded(cut) == nil, "length \(length)")
        }
    }

    @Test func aFooterOfAnotherPlaceIsRefused() {
        #expect(Self.decoded(Self.footer.encoded(at: Self.offset + 8)) == nil)
    }

    @Test func aTrailerThatIsCutOffTellsNothing() {
        for length in 0..<8 {
            #expect(CompactedFooter.offset(fromTrailer: [UInt8](repeating: 0, count: length)) == nil)
        }
        #expect(CompactedFooter.offset(fromTrailer: [UInt8](repeating: 0xFF, count: 8)) == nil)
    }

    typealias Change = (String, @Sendable (inout CompactedFooter) -> Void)

    static let impossible: [Change] = [
        ("content that ends in the header", { ($0.totals.contentLength, $0.blocks) = (56, []) }),
        ("content that is too long", { $0.totals.contentLength = UInt64(Format.longestSegment) + 8 }),
        ("content without end", { $0.totals.contentLength = .max }),
        ("content behind the last block's end", { $0.totals.contentLength = 10_000 }),
        ("a first block behind the header", { $0.blocks[0].contentOffset = 72 }),
        ("a first block in the header", { $0.blocks[0].contentOffset = 56 }),
        ("a first block within the file's header", { $0.blocks[0].offset = 56 }),
        ("blocks at one place of the content", { $0.blocks[1].contentOffset = 64 }),
        ("blocks at one place of the file", { $0.blocks[1].offset = 1_064 }),
        ("blocks in another order", { $0.blocks[1].offset = 1_000 }),
        ("a block at the footer", { $0.blocks[1].offset = 20_000 }),
        ("content without blocks", { $0.blocks = [] }),
        ("a last position behind all others", { $0.totals.lastPosition = UInt64(Format.numberLimit) }),
        ("a last position without end", { $0.totals.lastPosition = .max }),
    ]

    @Test func blocksThatDoNotFollowEachOtherAreRefused() {
        for (what, change) in Self.impossible {
            var footer = Self.footer
            change(&footer)
            #expect(Self.decoded(footer) == nil, "\(what)")
        }
    }

    @Test func theLastPositionThereIsEndsASegment() {
        var footer = Self.footer
        footer.totals.lastPosition = UInt64(Format.numberLimit) - 1
        #expect(Self.decoded(footer) == footer)
    }

    @Test func noBlockIsLongerThanAFrameCanBe() {
        var footer = Self.footer
        footer.totals.contentLength = UInt64(10_000 + Format.longestBlock)
        #expect(Self.decoded(footer) == footer)
        footer.totals.contentLength += 8
        #expect(Self.decoded(footer) == nil)
    }

    @Test func noTwoBlocksAreFurtherApartThanABlockIsLong() {
        let end = 6_000 + Format.longestBlock + Format.blockHeaderBytes
        #expect(CompactedFooter(decoding: Self.footer.encoded(at: end), at: end) == Self.footer)
        #expect(CompactedFooter(decoding: Self.footer.encoded(at: end + 8), at: end + 8) == nil)
    }

    /// Two bytes too many, with the trailer behind them, look like a block that would fit.
    @Test func aFooterThatEndsWithinAnEntryIsRefused() {
        let end = 1 << 20
        let totals = FooterBody(lastPosition: 9, eventCount: 1, commitCount: 1, contentLength: 1_000, digest: 7)
        let bytes = totals.encoded() + [8, 0] + CompactedFooter(totals: totals, blocks: []).encoded(at: end).suffix(8)
        #expect(CompactedFooter(decoding: bytes, at: end) == nil)
    }
}
