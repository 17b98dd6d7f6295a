import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// Whatever a compacted segment claims under right checksums, it is taken only if all of it fits together.
@Suite struct CraftedCompactedTests {
    private let stream = sampleStream()
    private let sound: CraftedCompactedSegment

    init() {
        let stream = stream
        sound = CraftedCompactedSegment(
            (1...8).map { EncodedCommit([sampleEvent(String(repeating: "c", count: 10 * $0))], of: stream) })
    }

    /// Whether a segment that was changed is taken without a complaint.
    private func isTaken(_ change: (inout CraftedCompactedSegment) throws -> Void) throws -> Bool {
        var segment = sound
        try change(&segment)
        return try segment.scan().damage.isEmpty
    }

    /// Gives a frame of a block another header.
    private func changeFrame(
        in segment: inout CraftedCompactedSegment, block: Int, _ change: (inout FrameHeader) -> Void
    ) throws {
        let offset = segment.frames[block].header.contentOffset
        let body = segment.frames[block].body
        let binding = CraftedCompactedSegment.binding
        var frame = try #require(FrameHeader(decoding: body, at: offset, binding: binding))
        change(&frame)
        var bytes: [UInt8] = []
        frame.encode(into: &bytes, at: offset, binding: binding)
        segment.frames[block].body.replaceSubrange(..<bytes.count, with: bytes)
        segment.describe()
    }

    private func compress(_ block: inout CraftedCompactedSegment.Block, dictionary: [UInt8] = []) throws {
        let compressed = try #require(LZ4Compressor(dictionary: dictionary, level: 4).compress(block.body))
        block.header.compression = dictionary.isEmpty ? .lz4 : .lz4WithDictionary
        block.header.storedLength = compressed.count
        block.body = compressed
    }

    /// A block of a dictionary that is not compressed.
    private func dictionary(_ bytes: [UInt8]) -> CraftedCompactedSegment.Block {
        CraftedCompactedSegment.Block(
            header: BlockHeader(
                kind: .dictionary, compression: .none, storedLength: bytes.count, contentLength: bytes.count,
                bodyChecksum: 0), body: bytes)
    }

    @Test func aSoundOneIsTaken() throws {
        #expect(try isTaken { _ in })
        #expect(try isTaken { try compress(&$0.frames[1]) })
        #expect(
            try isTaken { segment in
                let bytes = Array(segment.frames[0].body.prefix(96))
                segment.dictionary = dictionary(bytes)
                try compress(&segment.frames[1], dictionary: bytes)
            })
        #expect(try sound.scan().commitCount == 8)
    }

    @Test func theHeaderIsOfThatGenerationAndKind() throws {
        #expect(
            try !isTaken { segment in
                segment.header.epoch = 3
                segment.describe()
            })
        // Where there are no frames that would tell.
        var empty = CraftedCompactedSegment([])
        empty.totals.lastPosition = 9
        #expect(try empty.scan().damage.isEmpty)
        empty.header.epoch = 3
        empty.describe()
        empty.totals.lastPosition = 9
        #expect(try !empty.scan().damage.isEmpty)
        #expect(
            try !isTaken { segment in
                segment.header.kind = .events
                segment.describe()
            })
    }

    @Test func theFooterDescribesTheContent() throws {
        #expect(try !isTaken { $0.totals.eventCount += 1 })
        #expect(try !isTaken { $0.totals.commitCount -= 1 })
        #expect(try !isTaken { $0.totals.digest ^= 1 })
        #expect(try !isTaken { $0.totals.lastPosition -= 1 })
        #expect(try isTaken { $0.totals.lastPosition += 1 })
    }

    @Test func aFrameSaysNothingOfAWriter() throws {
        #expect(try !isTaken { try changeFrame(in: &$0, block: 1) { $0.epoch = 3 } })
        #expect(try !isTaken { try changeFrame(in: &$0, block: 1) { $0.durableMark = 72 } })
        #expect(try !isTaken { try changeFrame(in: &$0, block: 1) { $0.flags = FrameHeader.acknowledgedUnsynced } })
        #expect(try isTaken { try changeFrame(in: &$0, block: 1) { $0.storedAt = .distantFuture } })
    }

    @Test func aFrameLiesInOneBlock() throws {
        #expect(
            try !isTaken { segment in
                let part = Array(segment.frames[1].body.suffix(48))
                segment.frames[1].body.removeLast(48)
                segment.frames[1].header.storedLength -= 48
                segment.frames[1].header.contentLength -= 48
                segment.frames[2].body = part + segment.frames[2].body
                segment.frames[2].header.storedLength += 48
                segment.frames[2].header.contentLength += 48
                segment.frames[2].header.contentOffset -= 48
            })
    }

    @Test func aBlockIsWhatTheFooterSays() throws {
        // Another place in the content, another kind, another end.
        #expect(
            try !isTaken { segment in
                segment.contentOffsets = segment.frames.map(\.header.contentOffset)
                segment.frames[1].header.contentOffset += 8
            })
        // Far enough behind that a footer of that length could stand there.
        var long = CraftedCompactedSegment(
            (1...40).map { EncodedCommit([sampleEvent("\($0)")], of: stream) }, perBlock: 1)
        #expect(try long.scan().damage.isEmpty)
        let last = long.frames.count - 1
        long.frames[last].header.kind = .footer
        long.frames[last].header.frameCount = 0
        long.frames[last].header.firstPosition = 0
        #expect(try !long.scan().damage.isEmpty)
        #expect(
            try !isTaken { segment in
                // Zeros behind a body that is as long as it says.
                segment.frames[1].behind = [UInt8](repeating: 0, count: 8)
                segment.frames[1].bodyChecksum = Checksum.crc32c(
                    segment.frames[1].body + [UInt8](repeating: 0, count: 8))
            })
    }

    @Test func aBlockThatExpandsToMoreThanTheFooterSaysIsNotTaken() throws {
        // The last block has one more frame than the footer tells of.
        var segment = sound
        let last = segment.frames.count - 1
        let offset = segment.frames[last].header.contentOffset
        let binding = CraftedCompactedSegment.binding
        let frame = try #require(FrameHeader(decoding: segment.frames[last].body, at: offset, binding: binding))
        #expect(offset + frame.frameLength < segment.contentLength)
        var shorter = segment
        shorter.frames[last].body = Array(segment.frames[last].body.prefix(frame.frameLength))
        shorter.describe()
        segment.totals = shorter.totals
        segment.footer.header.contentOffset = offset + frame.frameLength
        try compress(&segment.frames[last])
        #expect(try !segment.scan().damage.isEmpty)
    }

    @Test func bodiesOfBlocksHaveTheirChecksums() throws {
        #expect(try !isTaken { $0.frames[1].bodyChecksum = 1 })
        #expect(try !isTaken { $0.footer.bodyChecksum = 1 })
        #expect(
            try !isTaken { segment in
                segment.dictionary = dictionary([1, 2, 3, 4, 5, 6, 7, 8])
                segment.dictionary?.bodyChecksum = 1
            })
    }

    @Test func paddingIsZero() throws {
        // One of the blocks is compressed to a length that has padding behind it.
        let paddings = try (0..<4).map { index in
            var compressed = sound
            try compress(&compressed.frames[index])
            #expect(try compressed.scan().damage.isEmpty)
            let count = compressed.frames[index].body.count
            let padding = Format.aligned(count) - count
            compressed.frames[index].body += [UInt8](repeating: 1, count: padding)
            #expect(try compressed.scan().damage.isEmpty == (padding == 0))
            return padding
        }
        #expect(paddings.contains { $0 > 0 })
        #expect(
            try !isTaken { segment in
                segment.dictionary = dictionary([1, 2, 3, 4, 5])
                segment.dictionary?.body = [1, 2, 3, 4, 5, 6, 7, 8]
            })
    }

    @Test func theDictionaryIsOneAndEndsWhereTheFirstBlockBegins() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        #expect(try isTaken { $0.dictionary = dictionary(bytes) })
        #expect(
            try !isTaken { segment in
                segment.dictionary = dictionary(bytes)
                segment.dictionary?.behind = [UInt8](repeating: 0, count: 8)
            })
        #expect(
            try !isTaken { segment in
                // A block of frames in its place, which the footer does not name.
                segment.frames.insert(segment.frames[0], at: 0)
                segment.namesFirstBlock = false
            })
    }

    @Test func theFooterIsOneAndEndsTheFile() throws {
        // More blocks, so that a footer is as long as a frame.
        let many = CraftedCompactedSegment(
            (1...16).map { EncodedCommit([sampleEvent("\($0)")], of: stream) }, perBlock: 1)
        #expect(try many.scan().damage.isEmpty)
        var segment = many
        segment.footer.header.kind = .frames
        segment.footer.header.frameCount = 1
        #expect(try !segment.scan().damage.isEmpty)
        // The place of the footer stands there once more.
        segment = many
        segment.trailer = Array(segment.encoded.suffix(8))
        #expect(try !segment.scan().damage.isEmpty)
        segment = many
        segment.footer.header.contentOffset += 8
        #expect(try !segment.scan().damage.isEmpty)
    }

    @Test func blocksThatAreLookedForStandInTheirOrder() throws {
        var segment = sound
        segment.footer.bodyChecksum = 1
        segment.frames.swapAt(1, 2)
        #expect(try !segment.scan().damage.isEmpty)
        // A footer that is none ends nothing either.
        segment = sound
        segment.footer.bodyChecksum = 1
        #expect(try segment.scan().commitCount == 8)
        segment.footer.header.contentOffset = segment.frames[2].header.contentOffset
        let scan = try segment.scan()
        #expect(!scan.damage.isEmpty)
        #expect(scan.commitCount == 8)
    }

    @Test func aFrameIsReadOnlyWhereItVerifies() throws {
        var segment = sound
        let content = try segment.content()
        let (first, end) = (segment.frames[1].header.contentOffset, segment.contentLength)
        var buffer: [UInt8] = []
        #expect(try content.readFrame(at: first, before: end, into: &buffer) != nil)
        // Behind what may be read, behind the content, and in the header.
        #expect(try content.readFrame(at: first, before: first + 96, into: &buffer) == nil)
        for offset in [end, end + 8, end + 1 << 20, 0, 56] {
            #expect(try content.readFrame(at: offset, before: .max, into: &buffer) == nil, "\(offset)")
        }
        // A body that is another one, and one that reaches behind its block.
        let count = segment.frames[1].body.count
        segment.frames[1].body[100] ^= 1
        #expect(try segment.content().readFrame(at: first, before: end, into: &buffer) == nil)
        segment = sound
        try changeFrame(in: &segment, block: 1) { $0.bodyLength = count }
        #expect(try segment.content().readFrame(at: first, before: .max, into: &buffer) == nil)
    }

    @Test func aFileThatIsCutWhileItIsOpenIsDamage() throws {
        let device = sound.device
        let content = try SegmentContent(
            CraftedCompactedSegment.identity, storeID: StoreImage.storeID, on: device)
        let (first, end) = (sound.frames[0].header.contentOffset, sound.contentLength)
        let file = try StoreFile(CraftedCompactedSegment.identity.name, .readWrite, on: device)
        try file.truncate(to: 500)
        let error = #expect(throws: StrataError.self) { try content.read(end - first, at: first) }
        #expect(error?.code == .damaged)
        var buffer: [UInt8] = []
        let last = sound.frames[3].header.contentOffset
        #expect(try content.readFrame(at: last, before: end, into: &buffer) == nil)
    }

    @Test func whatAFileThatIsCutWhileItIsOpenStillHoldsIsRead() throws {
        let segment = CraftedCompactedSegment(
            (1...8).map { EncodedCommit([sampleEvent("\($0)")], of: stream) }, perBlock: 1)
        let end = segment.contentLength
        for length in stride(from: 64, through: segment.encoded.count, by: 40) {
            let device = segment.device
            let content = try SegmentContent(
                CraftedCompactedSegment.identity, storeID: StoreImage.storeID, on: device)
            let blocks = try #require(content.compacted)
            var expected = try content.read(end, at: 0)
            for block in segment.frames.compactMap({ blocks.block(containing: $0.header.contentOffset) })
            where block.offsets.upperBound > length {
                let zeros = repeatElement(UInt8(0), count: block.contentOffsets.count)
                expected.replaceSubrange(block.contentOffsets, with: zeros)
            }
            let file = try StoreFile(CraftedCompactedSegment.identity.name, .readWrite, on: device)
            try file.truncate(to: length)
            var bytes: [UInt8] = []
            #expect(try content.readWhatIsSound(end, at: 0, appendingTo: &bytes) == end)
            #expect(bytes == expected, "cut at \(length)")
        }
    }
}
