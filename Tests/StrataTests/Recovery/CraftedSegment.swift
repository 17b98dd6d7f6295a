import EventSourcing
import StrataTesting

@testable import FuzzHarness
@testable import Strata

/// A segment of events with frames of any kind, under right checksums.
struct CraftedSegment {
    private(set) var bytes: [UInt8]
    private(set) var digest: SegmentDigest
    private let header: SegmentHeader

    init(number: UInt64 = 1, epoch: UInt64 = 1) {
        header = SegmentHeader(
            kind: .events, storeID: StoreImage.storeID, number: number, epoch: epoch, createdAt: .distantPast)
        bytes = header.encoded()
        digest = SegmentDigest(segmentHeader: bytes)
    }

    /// Appends a frame; unless it is changed, it says of nothing that it is durable.
    mutating func append(
        _ kind: FrameKind, epoch: UInt64, body: [UInt8] = [], change: (inout FrameHeader) -> Void = { _ in }
    ) {
        var frame = FrameHeader(
            kind: kind, epoch: epoch, durableMark: Format.segmentHeaderBytes, storedAt: .distantPast)
        frame.bodyLength = body.count
        frame.bodyChecksum = Checksum.crc32c(body)
        change(&frame)
        let start = bytes.count
        frame.encode(into: &bytes, at: start, binding: header.binding)
        digest.add(frameHeader: Array(bytes[start...]))
        bytes += body
    }

    mutating func append(_ commit: EncodedCommit, epoch: UInt64, position: Int, version: Int = 1) {
        append(.commit, epoch: epoch, body: commit.body) { frame in
            frame.eventCount = commit.eventCount
            frame.firstPosition = position
            frame.firstVersion = version
            frame.aggregateTypeTag = commit.aggregateTypeTag
            frame.aggregateID = commit.stream.id.bits
        }
    }

    /// Appends a footer that describes what stands before it.
    mutating func appendFooter(epoch: UInt64, lastPosition: Int, events: Int, commits: Int) {
        let footer = FooterBody(
            lastPosition: UInt64(lastPosition), eventCount: UInt64(events), commitCount: UInt64(commits),
            contentLength: UInt64(bytes.count), digest: digest.value)
        append(.footer, epoch: epoch, body: footer.encoded())
    }

    /// A device with segments, of which the last one is active; the others are listed as they are.
    static func device(_ segments: [CraftedSegment]) throws -> SimulatedDevice {
        var image = StoreImage([])
        for segment in segments { image.addSegment(segment.bytes, kind: .events) }
        let device = SimulatedDevice(image.storage)
        let sealed = try segments.dropLast().map { segment in
            var scanner = SegmentScanner(
                SegmentIdentity(number: segment.header.number), storeID: StoreImage.storeID, isSealed: true, on: device)
            return Manifest.SealedSegment(try scanner.run { _, _, _ in })
        }
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 1, createdAt: .distantPast, sealed: sealed,
            active: segments.last?.header.number ?? 1)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        return SimulatedDevice(image.storage)
    }
}
