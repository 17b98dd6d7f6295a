/// The body of an open frame: the epoch that ends here. A frame left over from an epoch that never properly began
/// has none before it, and does not verify.
package struct OpenBody: Hashable, Sendable {
    package var previousEpoch: UInt64

    package init(previousEpoch: UInt64) {
        self.previousEpoch = previousEpoch
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: previousEpoch)
        return bytes
    }

    package init?(decoding body: RawSpan) {
        guard body.byteCount == Format.openBodyBytes else { return nil }
        previousEpoch = body.number(at: 0)
    }
}

/// The body of a footer: what the sealed segment holds.
package struct FooterBody: Hashable, Sendable {
    package var lastPosition: UInt64
    package var eventCount: UInt64
    package var commitCount: UInt64
    /// The offset of the footer.
    package var contentLength: UInt64
    /// See ``SegmentDigest``.
    package var digest: UInt32

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: lastPosition)
        bytes.append(number: eventCount)
        bytes.append(number: commitCount)
        bytes.append(number: contentLength)
        bytes.append(number: digest)
        bytes.append(number: UInt32(0))
        return bytes
    }
}

extension FooterBody {
    package init?(decoding body: RawSpan) {
        guard body.byteCount == Format.footerBodyBytes, body.number(at: 36, as: UInt32.self) == 0 else { return nil }
        self.init(
            lastPosition: body.number(at: 0), eventCount: body.number(at: 8), commitCount: body.number(at: 16),
            contentLength: body.number(at: 24), digest: body.number(at: 32))
    }
}

/// The checksum over a segment's whole content: over the segment's header and then every frame's header in order.
/// A frame's header holds its body's checksum, so that each byte of the segment counts.
package struct SegmentDigest: Hashable, Sendable {
    package private(set) var value: UInt32

    package init(segmentHeader: RawSpan) {
        value = Checksum.crc32c(segmentHeader)
    }

    package mutating func add(frameHeader: RawSpan) {
        value = Checksum.crc32c(frameHeader, continuing: value)
    }
}
