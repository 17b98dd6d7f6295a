import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// A walk and a read end where they are told to, and where the file does.
@Suite struct FrameScannerTests {
    private let segment: CraftedSegment
    private let content: SegmentContent
    /// Where the second of two commits begins.
    private let second: Int

    init() throws {
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent("first")], of: sampleStream()), epoch: 1, position: 1)
        second = segment.bytes.count
        segment.append(EncodedCommit([sampleEvent("second")], of: sampleStream()), epoch: 1, position: 2)
        let device = try CraftedSegment.device([segment])
        content = try SegmentContent(SegmentIdentity(number: 1), storeID: StoreImage.storeID, on: device)
        self.segment = segment
    }

    /// How many frames verify up to an offset, and where the walk ends.
    private func walk(to end: Int) throws -> (frames: Int, offset: Int) {
        var scanner = FrameScanner(content, to: end)
        var frames = 0
        while case .frame = try scanner.next() { frames += 1 }
        return (frames, scanner.offset)
    }

    @Test func aWalkEndsWhereItIsToldTo() throws {
        let end = segment.bytes.count
        #expect(try walk(to: end) == (2, end))
        #expect(try walk(to: second) == (1, second))
        for rest in [8, 80, 88, 96, end - second - 8] { #expect(try walk(to: second + rest) == (1, second), "\(rest)") }
    }

    /// As one does that becomes shorter while it is walked.
    @Test func aWalkEndsWhereTheFileDoes() throws {
        let end = segment.bytes.count
        #expect(try walk(to: end + 8) == (2, end))
        #expect(try walk(to: end + 1_000) == (2, end))
    }

    @Test func aReadGoesNotBehindWhatReadersMaySee() throws {
        var buffer: [UInt8] = []
        let end = segment.bytes.count
        #expect(try content.readFrame(at: second, before: end, into: &buffer)?.firstPosition == 2)
        for rest in [0, 8, 88, end - second - 8] {
            #expect(try content.readFrame(at: second, before: second + rest, into: &buffer) == nil, "\(rest)")
        }
    }
}
