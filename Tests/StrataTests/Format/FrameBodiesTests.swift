import Testing

@testable import Strata

@Suite struct FrameBodiesTests {
    private let footer = FooterBody(
        lastPosition: 0x0102_0304_0506_0708, eventCount: 0x1112_1314_1516_1718, commitCount: 0x2122_2324_2526_2728,
        contentLength: 0x3132_3334_3536_3738, digest: 0x4142_4344)

    @Test func anOpenBodyIsDecodedAsItWasEncoded() {
        let body = OpenBody(previousEpoch: 0xF1F2_F3F4_F5F6_F7F8)
        #expect(OpenBody(decoding: body.encoded()) == body)
    }

    @Test func anOpenBodyOfAnotherLengthIsRefused() {
        for length in 0...16 where length != 8 {
            #expect(OpenBody(decoding: [UInt8](repeating: 0, count: length)) == nil)
        }
    }

    @Test func aFooterIsDecodedAsItWasEncoded() {
        #expect(FooterBody(decoding: footer.encoded()) == footer)
    }

    @Test func aFooterOfAnotherLengthIsRefused() {
        let bytes = footer.encoded() + Array(repeating: 0, count: 8)
        for length in 0...48 where length != 40 {
            #expect(FooterBody(decoding: Array(bytes[..<length])) == nil)
        }
    }

    @Test func aFootersReservedBytesMustBeZero() {
        for offset in 36..<40 {
            #expect(FooterBody(decoding: footer.encoded().with(UInt8(1), at: offset)) == nil)
        }
    }

    @Test func aDigestIsTheChecksumOfAllHeadersInOrder() {
        let parts: [[UInt8]] = [Array("segment header".utf8), Array("first".utf8), Array("second".utf8)]
        var digest = SegmentDigest(segmentHeader: parts[0])
        digest.add(frameHeader: parts[1])
        digest.add(frameHeader: parts[2])
        #expect(digest.value == Checksum.crc32c((parts[0] + parts[1] + parts[2])))
    }
}
