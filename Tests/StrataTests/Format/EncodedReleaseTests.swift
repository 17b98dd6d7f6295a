import EventSourcing
import Foundation
import Testing

@testable import Strata

@Suite struct EncodedReleaseTests {
    private static let stream = StreamID("Order", UUID(bits: 7))

    private static func header(of encoded: EncodedRelease) -> FrameHeader {
        let stamped = StampedRelease(release: encoded, storedAt: .distantPast)
        return FrameHeader(.release(stamped), epoch: 1, durableMark: 64, isSynced: false)
    }

    @Test(arguments: [
        StreamStatus(version: 5, firstVersion: 3, isTruncated: true), StreamStatus(version: 5, firstVersion: 6),
        StreamStatus(version: 5, firstVersion: 6, isTombstoned: true), StreamStatus(version: 0, isTombstoned: true),
    ])
    func comesBackAsItWas(_ status: StreamStatus) {
        let encoded = EncodedRelease(Release(status), of: Self.stream)
        let header = FrameHeaderTests.decoded(FrameHeaderTests.encoded(Self.header(of: encoded)))
        let decoded = header.flatMap { EncodedRelease(decoding: encoded.body.span.bytes, header: $0) }
        #expect(decoded?.release == Release(status))
        #expect(decoded?.stream == Self.stream)
        #expect(decoded?.frameLength == header?.frameLength)
        #expect((header?.flags ?? 0) & FrameHeader.acknowledgedUnsynced != 0)
    }

    @Test func aBodyOfAnotherTypeIsNone() {
        let encoded = EncodedRelease(Release(StreamStatus(version: 5).tombstoned), of: Self.stream)
        let other = AggregateTypeBody.encode(aggregateType: "Cart")
        let decoded = EncodedRelease(decoding: other.span.bytes, header: Self.header(of: encoded))
        #expect(decoded == nil)
    }
}
