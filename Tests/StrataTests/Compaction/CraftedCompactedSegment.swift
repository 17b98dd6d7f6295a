import EventSourcing
import StrataTesting

@testable import FuzzHarness
@testable import Strata

/// A compacted segment whose every part can be another one than it should, under right checksums.
struct CraftedCompactedSegment {
    struct Block {
        var header: BlockHeader
        /// As it is stored, padding included.
        var body: [UInt8]
        /// The checksum that the header gives the body; nil for the right one.
        var bodyChecksum: UInt32?
        /// What stands between the block and the next.
        var behind: [UInt8] = []
    }

    static let identity = SegmentIdentity(number: 1, generation: 2)
    static let binding = identity.binding(storeID: StoreImage.storeID)

    var header: SegmentHeader
    var dictionary: Block?
    var frames: [Block] = []
    var footer: Block
    var totals: FooterBody
    /// The places in the content that the footer gives the blocks; nil for those that they have.
    var contentOffsets: [Int]?
    /// Whether the footer names the first block.
    var namesFirstBlock = true
    var trailer: [UInt8] = []

    /// A segment of commits, so many in a block, none of it compressed.
    init(_ commits: [EncodedCommit], perBlock: Int = 2) {
        header = SegmentHeader(
            kind: .compacted, storeID: StoreImage.storeID, number: 1, epoch: 2, createdAt: .distantPast)
        totals = FooterBody(lastPosition: 0, eventCount: 0, commitCount: 0, contentLength: 64, digest: 0)
        footer = Block(
            header: BlockHeader(kind: .footer, compression: .none, storedLength: 0, contentLength: 0, bodyChecksum: 0),
            body: [])
        var versions: [StreamID: Int] = [:]
        var position = 1
        for start in stride(from: 0, to: commits.count, by: perBlock) {
            var content: [UInt8] = []
            let first = position
            let part = commits[start..<min(commits.count, start + perBlock)]
            for commit in part {
                var frame = FrameHeader(kind: .commit, epoch: 2, durableMark: 64, storedAt: .distantPast)
                frame.bodyLength = commit.body.count
                frame.bodyChecksum = commit.bodyChecksum
                frame.eventCount = commit.eventCount
                frame.firstPosition = position
                frame.firstVersion = versions[commit.stream, default: 0] + 1
                frame.aggregateTypeTag = commit.aggregateTypeTag
                frame.aggregateID = commit.stream.id.bits
                frame.encode(into: &content, at: contentLength + content.count, binding: Self.binding)
                content += commit.body
                position += commit.eventCount
                versions[commit.stream, default: 0] += commit.eventCount
            }
            append(content, firstPosition: first, frames: part.count)
        }
        describe()
    }

    /// Where the content ends.
    var contentLength: Int { frames.last.map { $0.header.contentOffset + $0.header.contentLength } ?? 64 }

    /// Appends a block of frames that is not compressed.
    mutating func append(_ content: [UInt8], firstPosition: Int, frames count: Int) {
        var block = BlockHeader(
            kind: .frames, compression: .none, storedLength: content.count, contentLength: content.count,
            bodyChecksum: 0)
        block.contentOffset = contentLength
        block.firstPosition = firstPosition
        block.frameCount = count
        frames.append(Block(header: block, body: content))
    }

    /// Has the footer describe the frames that there are.
    mutating func describe() {
        var digest = SegmentDigest(segmentHeader: header.encoded())
        totals = FooterBody(lastPosition: 0, eventCount: 0, commitCount: 0, contentLength: 64, digest: 0)
        var offset = 64
        for block in frames {
            var start = 0
            while start < block.body.count {
                let bytes = Array(block.body[start..<start + Format.frameHeaderBytes])
                guard
                    let frame = FrameHeader(
                        decoding: bytes, at: offset + start, binding: Self.binding)
                else { break }
                digest.add(frameHeader: bytes)
                totals.eventCount += UInt64(frame.eventCount)
                totals.commitCount += frame.kind == .commit ? 1 : 0
                totals.lastPosition = max(totals.lastPosition, UInt64(frame.firstPosition + frame.eventCount - 1))
                start += frame.frameLength
            }
            offset += block.body.count
        }
        totals.contentLength = UInt64(offset)
        totals.digest = digest.value
        footer.header.contentOffset = offset
    }

    /// The file.
    var encoded: [UInt8] {
        var bytes = header.encoded()
        var places: [CompactedFooter.Block] = []
        if let dictionary { bytes = Self.append(dictionary, to: bytes) }
        for (index, block) in frames.enumerated() {
            let contentOffset = contentOffsets?[index] ?? block.header.contentOffset
            if index > 0 || namesFirstBlock {
                places.append(CompactedFooter.Block(contentOffset: contentOffset, offset: bytes.count))
            }
            bytes = Self.append(block, to: bytes)
        }
        var last = footer
        if last.body.isEmpty { last.body = CompactedFooter(totals: totals, blocks: places).encoded(at: bytes.count) }
        if last.header.storedLength == 0 {
            last.header.storedLength = last.body.count
            last.header.contentLength = last.body.count
        }
        return Self.append(last, to: bytes) + trailer
    }

    private static func append(_ block: Block, to bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var header = block.header
        var body = block.body
        body.padToAlignment()
        header.bodyChecksum = block.bodyChecksum ?? Checksum.crc32c(body)
        header.encode(into: &bytes, at: bytes.count, binding: binding)
        return bytes + body + block.behind
    }

    /// What a walk through the file finds.
    func scan() throws -> SegmentScan {
        var scanner = SegmentScanner(
            Self.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        return try scanner.run { _, _, _ in }
    }

    /// A device with the file alone.
    var device: SimulatedDevice {
        var image = StoreImage([])
        image.add(encoded, as: Self.identity.name)
        return SimulatedDevice(image.storage)
    }

    func content() throws -> SegmentContent {
        try SegmentContent(Self.identity, storeID: StoreImage.storeID, on: device)
    }
}
