import EventSourcing
import Strata

/// A segment of events with whole commits, as bytes.
struct EncodedSegment {
    private(set) var bytes: [UInt8]

    /// - Parameter number: the segment's first position.
    init(number: UInt64, commits: [EncodedCommit]) {
        let header = SegmentHeader(
            kind: .events, storeID: StoreImage.storeID, number: number, epoch: 1, createdAt: .distantPast)
        bytes = header.encoded()
        var position = Int(number)
        var versions: [StreamID: Int] = [:]
        for commit in commits {
            var frame = FrameHeader(kind: .commit, epoch: 1, durableMark: bytes.count, storedAt: .distantPast)
            frame.bodyLength = commit.body.count
            frame.bodyChecksum = commit.bodyChecksum
            frame.eventCount = commit.eventCount
            frame.firstPosition = position
            frame.firstVersion = versions[commit.stream, default: 0] + 1
            frame.aggregateTypeTag = commit.aggregateTypeTag
            frame.aggregateID = commit.stream.id.bits
            frame.encode(into: &bytes, at: bytes.count, binding: header.binding)
            bytes += commit.body
            position += commit.eventCount
            versions[commit.stream, default: 0] += commit.eventCount
        }
    }
}
