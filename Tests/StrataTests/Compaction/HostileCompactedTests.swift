import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// Whatever a compacted segment claims under right checksums, reading it costs time and memory in proportion to the file.
@Suite struct HostileCompactedTests {
    private static let piece = 1 << 20
    private let stream = sampleStream()

    /// A segment of so many commits, each in a block of its own.
    private func segment(_ commits: Int) -> CraftedCompactedSegment {
        let stream = stream
        return CraftedCompactedSegment(
            (1...commits).map { EncodedCommit([sampleEvent("\($0)")], of: stream) }, perBlock: 1)
    }

    private func content(on device: SimulatedDevice) throws -> SegmentContent {
        try SegmentContent(CraftedCompactedSegment.identity, storeID: StoreImage.storeID, on: device)
    }

    private func lengthsOfReads(_ device: SimulatedDevice) -> [Int] {
        device.log.filter { $0.operation == .read }.map(\.length)
    }

    @Test func blocksThatAreLookedForAreReadOnce() throws {
        var segment = segment(1_000)
        segment.footer.bodyChecksum = 1
        let device = segment.device
        device.keepCalls()
        #expect(try content(on: device).length() == segment.contentLength)
        let length = segment.encoded.count
        #expect(length < Self.piece)
        // Once, and the footer.
        #expect((length...length * 3 / 2).contains(lengthsOfReads(device).reduce(0, +)))
    }

    @Test(arguments: [false, true])
    func aHeaderThatAPieceOfTheFileEndsWithinIsFound(isFirstDamaged: Bool) throws {
        for rest in stride(from: 0, through: Format.blockHeaderBytes, by: Format.alignment) {
            var segment = CraftedCompactedSegment([])
            let first = Self.piece - rest - Format.blockHeaderBytes
            segment.append([UInt8](repeating: 0, count: first), firstPosition: 1, frames: 1)
            segment.append([UInt8](repeating: 0, count: 96), firstPosition: 9, frames: 1)
            segment.footer.header.contentOffset = segment.contentLength
            segment.footer.bodyChecksum = 1
            let device = segment.device
            if isFirstDamaged {
                let file = try StoreFile(CraftedCompactedSegment.identity.name, .readWrite, on: device)
                let bytes: [UInt8] = [0]
                try file.write(bytes.span.bytes, at: Format.segmentHeaderBytes)
            }
            let second = try #require(try content(on: device).compacted?.block(containing: segment.contentLength - 8))
            #expect(second.index == 1)
            #expect(second.offsets == 64 + Self.piece - rest..<64 + Self.piece - rest + 144)
        }
    }

    @Test func aFooterThatNamesMoreBlocksThanThereIsRoomForIsNotRead() throws {
        var segment = CraftedCompactedSegment([])
        segment.footer.body = [UInt8](repeating: 0, count: 2 * Self.piece)
        segment.footer.body.append(contentsOf: [64, 0, 0, 0, 0, 0, 0, 0])
        let device = segment.device
        device.keepCalls()
        #expect(try content(on: device).compacted?.damage.count == 1)
        #expect(lengthsOfReads(device).allSatisfy { $0 <= Self.piece })
    }

    @Test func contentThatIsClaimedIsNotSearchedToListIt() throws {
        var segment = segment(2)
        let second = 64 << 20
        segment.contentOffsets = [64, second]
        segment.totals.contentLength = UInt64(2 * second)
        segment.footer.header.contentOffset = 2 * second
        let device = segment.device
        device.keepCalls()
        let frames = try StrataStore.inspectSegment(CraftedCompactedSegment.identity.name, on: device).frames
        #expect(frames.map(\.offset) == [64, second])
        #expect(frames.map(\.kind) == ["unverified", "unverified"])
        #expect(lengthsOfReads(device).count < 20)
    }

    @Test func aBlockInThePlaceOfTheDictionaryIsNotRead() throws {
        var segment = segment(2)
        segment.frames[0].body = [UInt8](repeating: 0, count: 2 * Self.piece)
        segment.frames[0].header.storedLength = 2 * Self.piece
        segment.frames[0].header.contentLength = 2 * Self.piece
        segment.contentOffsets = [64, 64]
        segment.namesFirstBlock = false
        let device = segment.device
        device.keepCalls()
        #expect(try content(on: device).compacted?.damage.map(\.reason) == ["the dictionary does not verify"])
        #expect(lengthsOfReads(device).allSatisfy { $0 <= Self.piece })
    }

    @Test func headersThatTellNoPositionAreNotReadOverAndOver() throws {
        var segment = segment(400)
        for index in segment.frames.indices {
            segment.frames[index].header.firstPosition = 0
            segment.frames[index].bodyChecksum = 1
        }
        let device = segment.device
        device.keepCalls()
        var scanner = SegmentScanner(
            CraftedCompactedSegment.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        let damage = try scanner.run { _, _, _ in }.damage
        #expect(damage.map(\.positions) == [1...400])
        #expect(lengthsOfReads(device).count < 3 * 400)
    }

    @Test func damagedBlocksEndBeforeTheNextThatTellsItsPosition() throws {
        var segment = segment(8)
        for index in [0, 1, 2, 4, 6] { segment.frames[index].bodyChecksum = 1 }
        for index in [1, 2, 5] { segment.frames[index].header.firstPosition = 0 }
        #expect(try segment.scan().damage.map(\.positions) == [1...3, 5...6, 7...7])
        segment.frames[7].bodyChecksum = 1
        #expect(try segment.scan().damage.map(\.positions) == [1...3, 5...6, 7...8])
    }

    @Test func aTableOfBlocksThatAreNotThereIsOneDamage() throws {
        var segment = segment(1)
        let count = 20_000
        var places = [CompactedFooter.Block(contentOffset: 64, offset: 64)]
        segment.frames[0].behind = [UInt8](repeating: 0, count: count * 64)
        let first = 64 + Format.blockHeaderBytes + segment.frames[0].body.count
        for number in 0..<count {
            places.append(
                CompactedFooter.Block(
                    contentOffset: segment.contentLength + number * Format.frameHeaderBytes, offset: first + number * 64
                ))
        }
        segment.totals.contentLength = UInt64(segment.contentLength + count * Format.frameHeaderBytes)
        segment.footer.header.contentOffset = Int(segment.totals.contentLength)
        segment.footer.body = CompactedFooter(totals: segment.totals, blocks: places).encoded(at: first + count * 64)
        let scan = try segment.scan()
        #expect(scan.commitCount == 1)
        #expect(scan.damage.map(\.offsets) == [first..<first + count * 64])
        #expect(scan.damage.map(\.reason) == ["the block does not verify"])
    }

    @Test func damagedBlocksWithSoundPositionsBetweenThemAreToldApart() {
        func damage(_ offset: Int, _ positions: ClosedRange<Position>?, _ reason: String = "no") -> Damage {
            Damage(file: "f", offset: offset, length: 8, reason: reason, positions: positions)
        }
        let joined = damage(64, 1...4).joined(with: damage(72, 5...6))
        #expect(joined == Damage(file: "f", offset: 64, length: 16, reason: "no", positions: 1...6))
        #expect(damage(64, nil).joined(with: damage(72, 5...6))?.positions == 5...6)
        #expect(damage(64, 1...4).joined(with: damage(72, nil))?.positions == 1...4)
        #expect(damage(64, 1...4).joined(with: damage(72, 6...6)) == nil)
        #expect(damage(64, 1...4).joined(with: damage(80, 5...6)) == nil)
        #expect(damage(64, 1...4).joined(with: damage(72, 5...6, "other")) == nil)
    }

    /// Headers without blocks lead from one to the next, over a file that may be sparse.
    @Test func whatIsLongerThanAnyBlockIsNotRead() throws {
        let sound = segment(2)
        var bytes = sound.header.encoded()
        func append(_ block: CraftedCompactedSegment.Block, at offset: Int, _ change: (inout BlockHeader) -> Void) {
            var header = block.header
            header.bodyChecksum = Checksum.crc32c(block.body)
            change(&header)
            header.encode(into: &bytes, at: offset, binding: CraftedCompactedSegment.binding)
        }
        append(sound.frames[0], at: bytes.count) { _ in }
        bytes += sound.frames[0].body
        let gap = bytes.count
        append(sound.frames[0], at: gap) {
            ($0.storedLength, $0.contentLength) = (Format.longestBlock, Format.longestBlock)
        }
        let device = SimulatedDevice(StoreImage([]).storage)
        let file = try StoreFile(CraftedCompactedSegment.identity.name, .create, on: device)
        try file.write(bytes.span.bytes, at: 0)
        var next = gap + Format.blockHeaderBytes + Format.longestBlock
        bytes = []
        append(sound.frames[0], at: next) { _ in }
        try file.write(bytes.span.bytes, at: next)
        next += sound.frames[0].header.blockLength
        bytes = []
        append(sound.frames[1], at: next) { $0.contentOffset += 800 }
        bytes += sound.frames[1].body
        try file.write(bytes.span.bytes, at: next)
        device.keepCalls()
        var scanner = SegmentScanner(
            CraftedCompactedSegment.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        let scan = try scanner.run { _, _, _ in }
        let damage = try #require(scan.damage.first { $0.offset == gap })
        #expect(damage.length == next - gap && damage.reason == "the block does not verify")
        let content = try content(on: device)
        var buffer: [UInt8] = []
        #expect(try content.readFrame(at: sound.frames[1].header.contentOffset, before: .max, into: &buffer) == nil)
        #expect(lengthsOfReads(device).allSatisfy { $0 <= Self.piece })
    }

    /// Small frames in one block that is as long as several pieces.
    private func segmentOfOneBlock() -> CraftedCompactedSegment {
        let stream = stream
        let text = String(repeating: "f", count: 10_000)
        return CraftedCompactedSegment(
            (1...400).map { _ in EncodedCommit([sampleEvent(text)], of: stream) }, perBlock: 400)
    }

    @Test func aBlockThatIsReadInPiecesIsReadOnce() throws {
        let segment = segmentOfOneBlock()
        let device = segment.device
        let length = segment.encoded.count
        try #require(length > 3 * Self.piece)
        device.keepCalls()
        var scanner = SegmentScanner(
            CraftedCompactedSegment.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        let scan = try scanner.run { _, _, _ in }
        #expect(scan.damage.isEmpty && scan.eventCount == 400)
        #expect(lengthsOfReads(device).reduce(0, +) < length + Self.piece)
    }

    @Test(arguments: [false, true]) func aLongBlockIsKeptUntilAWalkHasComeToItsEnd(isBackward: Bool) throws {
        let segment = segmentOfOneBlock()
        let body = segment.frames[0].body
        let device = segment.device
        let content = try content(on: device)
        let offsets = stride(from: 0, to: body.count, by: FeedCursor.pieceBytes)
        device.keepCalls()
        for walk in 1...2 {
            for offset in isBackward ? offsets.reversed() : Array(offsets) {
                let part = body[offset...].prefix(FeedCursor.pieceBytes)
                #expect(try content.read(part.count, at: Format.segmentHeaderBytes + offset) == Array(part))
            }
            #expect(lengthsOfReads(device).reduce(0, +) == walk * segment.frames[0].header.blockLength)
        }
    }

    @Test func aLongBlockThatIsReadWholeIsNotKept() throws {
        let segment = segmentOfOneBlock()
        let device = segment.device
        let content = try content(on: device)
        device.keepCalls()
        for count in 1...2 {
            #expect(try content.read(segment.contentLength, at: Format.segmentHeaderBytes) == segment.frames[0].body)
            #expect(lengthsOfReads(device).reduce(0, +) == count * segment.frames[0].header.blockLength)
        }
    }

    @Test func aLongBlockThatDoesNotVerifyIsDamageAlone() throws {
        var segment = segmentOfOneBlock()
        segment.frames[0].bodyChecksum = 1
        #expect(try segment.scan().damage.map(\.length) == [segment.frames[0].header.blockLength])
        let content = try segment.content()
        var buffer: [UInt8] = []
        #expect(try content.readWhatIsSound(1_000, at: 5_000, appendingTo: &buffer) == 1_000)
        #expect(buffer == [UInt8](repeating: 0, count: 1_000))
        #expect(throws: StrataError.self) { try content.read(1_000, at: 5_000) }
    }
}
