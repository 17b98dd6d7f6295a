package import EventSourcing
import FoundationEssentials

/// A truncation or a tombstone as a frame holds it.
package struct EncodedRelease: Sendable {
    package let stream: StreamID
    package let release: Release
    package let body: [UInt8]
    package let bodyChecksum: UInt32
    package let aggregateTypeTag: UInt32

    package init(_ release: Release, of stream: StreamID) {
        self.stream = stream
        self.release = release
        let body = AggregateTypeBody.encode(aggregateType: stream.aggregateType)
        self.body = body
        bodyChecksum = Checksum.crc32c(body.span.bytes)
        aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
    }

    /// Takes over the frame of a release that was read and verified; nil where it is none, or not laid out as the header
    /// says.
    package init?(decoding body: RawSpan, header: FrameHeader) {
        guard
            let release = Release(header),
            let aggregateType = AggregateTypeBody.aggregateType(in: body, header: header)
        else { return nil }
        self.init(release, of: StreamID(aggregateType, UUID(bits: header.aggregateID)))
    }

    package var frameLength: Int { Format.frameHeaderBytes + body.count }
}

/// What a truncation or a tombstone makes of its stream.
package struct Release: Hashable, Sendable {
    /// The lowest version that is not released.
    package let firstLiveVersion: Int
    /// Whether events were released before ones that were left.
    package let isTruncated: Bool
    package let isTombstoned: Bool

    package init(firstLiveVersion: Int, isTruncated: Bool, isTombstoned: Bool) {
        self.firstLiveVersion = firstLiveVersion
        self.isTruncated = isTruncated
        self.isTombstoned = isTombstoned
    }

    package init(_ status: StreamStatus) {
        firstLiveVersion = status.firstVersion
        isTruncated = status.isTruncated
        isTombstoned = status.isTombstoned
    }

    /// The release that a frame tells of; nil for frames of other kinds.
    package init?(_ header: FrameHeader) {
        switch header.kind {
        case .truncation:
            firstLiveVersion = header.firstVersion
            isTruncated = header.flags & FrameHeader.emptiesStream == 0
            isTombstoned = false
        case .tombstone:
            firstLiveVersion = header.firstVersion + 1
            isTruncated = false
            isTombstoned = true
        default: return nil
        }
    }

    /// The version that the stream had at least.
    package var lastVersion: Int { firstLiveVersion - 1 }

    var kind: FrameKind { isTombstoned ? .tombstone : .truncation }

    /// What a frame's header says of it, apart from the stream.
    func write(to header: inout FrameHeader) {
        header.firstVersion = isTombstoned ? lastVersion : firstLiveVersion
        if !isTombstoned, !isTruncated { header.flags |= FrameHeader.emptiesStream }
    }
}
