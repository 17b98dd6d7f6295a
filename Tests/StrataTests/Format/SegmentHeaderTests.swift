import EventSourcing
import Testing

@testable import Strata

@Suite struct SegmentHeaderTests {
    static let header = SegmentHeader(
        kind: .events, storeID: 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF, number: 0x0102_0304_0506_0708,
        epoch: 0x1112_1314_1516_1718, createdAt: Timestamp(uncheckedSeconds: 1_700_000_000, nanoseconds: 42))

    @Test(arguments: [SegmentKind.events, .snapshots, .compacted])
    func whatIsEncodedIsDecoded(_ kind: SegmentKind) throws {
        var header = Self.header
        header.kind = kind
        #expect(try SegmentHeader(decoding: header.encoded()) == header)
    }

    @Test(arguments: extremeTimestamps)
    func everyTimeOfCreationIsKept(_ timestamp: Timestamp) throws {
        var header = Self.header
        header.createdAt = timestamp
        #expect(try SegmentHeader(decoding: header.encoded()) == header)
    }

    @Test func theLargestNumberIsKept() throws {
        var header = Self.header
        header.number = UInt64(Format.numberLimit - 1)
        #expect(try SegmentHeader(decoding: header.encoded()) == header)
    }

    @Test func bytesBehindTheHeaderDoNotMatter() throws {
        let bytes = Self.header.encoded() + [1, 2, 3]
        #expect(try SegmentHeader(decoding: bytes) == Self.header)
    }

    @Test func aHeaderThatIsCutOffIsRefused() {
        for length in 0..<64 {
            expect(.truncated, from: Array(Self.header.encoded().prefix(length)))
        }
    }

    @Test func everyFlippedBitIsNoticed() {
        for (bit, bytes) in Self.header.encoded().withEachBitFlipped {
            expect(bit < 64 ? .wrongMagic : .wrongChecksum, from: bytes, "bit \(bit)")
        }
    }

    @Test func aNewerVersionIsToldFromDamage() {
        expect(.newerVersion(3), from: Self.header.encoded().with(UInt16(3), at: 8).resealed)
    }

    @Test func aHeaderOfVersion1IsKeptAsItIs() throws {
        let bytes = Self.header.encoded().with(UInt16(1), at: 8).resealed
        let header = try SegmentHeader(decoding: bytes)
        #expect(header.formatVersion == 1)
        #expect(header.encoded() == bytes)
    }

    static let impossibleFields: [(String, [UInt8])] = [
        ("version 0", header.encoded().with(UInt16(0), at: 8)),
        ("kind 0", header.encoded().with(UInt8(0), at: 10)),
        ("kind 4", header.encoded().with(UInt8(4), at: 10)),
        ("compacted in version 1", header.encoded().with(UInt16(1), at: 8).with(UInt8(3), at: 10)),
        ("the reserved byte", header.encoded().with(UInt8(1), at: 11)),
        ("the reserved word", header.encoded().with(UInt32(1 << 31), at: 60)),
        ("number 0", header.encoded().with(UInt64(0), at: 32)),
        ("a number at the limit", header.encoded().with(UInt64(Format.numberLimit), at: 32)),
        ("the largest number", header.encoded().with(UInt64.max, at: 32)),
    ]

    @Test(arguments: impossibleFields)
    func anImpossibleFieldUnderARightChecksumIsRefused(_ field: String, _ bytes: [UInt8]) {
        expect(.invalidField, from: bytes.resealed, "\(field)")
    }

    @Test(arguments: impossibleTimestamps)
    func anImpossibleTimeIsRefused(_ seconds: Int64, _ nanoseconds: UInt32) {
        expect(.invalidField, from: Self.header.encoded().with(seconds, at: 48).with(nanoseconds, at: 56).resealed)
    }

    private func expect(_ error: FormatError, from bytes: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: error, comment) { try SegmentHeader(decoding: bytes) }
    }
}
