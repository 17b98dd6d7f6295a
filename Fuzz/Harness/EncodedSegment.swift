import EventSourcing
import Strata

/// A segment of events with whole commits, as bytes.
struct EncodedSegment {
    private(set) var bytes: [UInt8]

    /// - Parameters:
    ///   - number: the segment's first position.
    ///   - isSealed: whether a footer ends it.
    init(number: UInt64, commits: [EncodedCommit] = [], isSealed: Bool = false) {
        let header = SegmentHeader(
            kind: .events, storeID: StoreImage.storeID, number: number, epoch: 1, createdAt: .distantPast)
        bytes = header.encoded()
        var position = Int(number)
        var versions: [StreamID: Int] = [:]
        var digest = SegmentDigest(segmentHeader: bytes.span.bytes)
        for commit in commits {
            var frame = FrameHeader(kind: .commit, epoch: 1, durableMark: bytes.count, storedAt: .distantPast)
            frame.bodyLength = commit.body.count
            frame.bodyChecksum = commit.bodyChecksum
            frame.eventCount = commit.eventCount
            frame.firstPosition = position
            frame.firstVersion = versions[commit.stream, default: 0] + 1
            frame.aggregateTypeTag = commit.aggregateTypeTag
            frame.aggregateID = commit.stream.id.bits
            let start = bytes.count
            frame.encode(into: &bytes, at: start, binding: header.binding)
            digest.add(frameHeader: bytes.span.bytes.extracting(start..<bytes.count))
            bytes += commit.body
            position += commit.eventCount
            versions[commit.stream, default: 0] += commit.eventCount
        }
        guard isSealed else { return }
        let body =
            [
                UInt64(position - 1), UInt64(position) - number, UInt64(commits.count), UInt64(bytes.count),
                UInt64(digest.value),
            ].flatMap { [UInt8](littleEndian: $0) }
        var footer = FrameHeader(kind: .footer, epoch: 1, durableMark: bytes.count, storedAt: .distantPast)
        footer.bodyLength = body.count
        footer.bodyChecksum = Checksum.crc32c(body.span.bytes)
        footer.encode(into: &bytes, at: bytes.count, binding: header.binding)
        bytes += body
    }
}
