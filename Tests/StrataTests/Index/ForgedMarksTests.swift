import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// Marks that a forger has put into a sidecar neither keep a walk backward from its end nor have it take memory.
@Suite struct ForgedMarksTests {
    private let stream = sampleStream()
    private let options = StrataOptions(idleMarkDelay: nil)

    /// A walk backward through a sealed segment, of which the sidecar says something else.
    private func cursor(_ segment: CraftedSegment, _ index: GrowingIndex) throws -> BackwardFeedCursor {
        let device = try CraftedSegment.device([segment, CraftedSegment(number: 1_000)])
        let entry = try #require(try Manifest.read(from: device)?.sealed.first)
        let files = SidecarFiles(
            device: device, storeID: StoreImage.storeID, mayWrite: true, logger: options.logger)
        _ = try files.make(of: index, entry, files.identity(of: entry))
        files.finish(entry.identity)
        let (log, sidecars) = try ReaderOpening(on: device, options: options).run()
        try #require(log.index.sealedSegments[0].sidecar != nil)
        return BackwardFeedCursor(LogReader(index: log.index, sidecars: sidecars), from: .max, filter: .all)
    }

    /// Enters a commit in an index.
    private func add(_ commit: EncodedCommit, at offset: Int, position: Int, version: Int, to index: inout GrowingIndex)
    {
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.bodyLength = commit.body.count
        header.eventCount = commit.eventCount
        header.firstPosition = position
        header.firstVersion = version
        header.aggregateTypeTag = commit.aggregateTypeTag
        header.aggregateID = commit.stream.id.bits
        let type = index.addType(commit.stream.aggregateType, tag: commit.aggregateTypeTag)
        _ = index.add(header, at: offset, type: type)
    }

    @Test(.timeLimit(.minutes(1))) func aMarkOfAPositionThatIsNotThereEndsTheWalk() throws {
        let commit = EncodedCommit([sampleEvent()], of: stream)
        var segment = CraftedSegment()
        segment.append(commit, epoch: 1, position: 500)
        segment.appendFooter(epoch: 1, lastPosition: 500, events: 1, commits: 1)
        var index = GrowingIndex()
        add(commit, at: Format.segmentHeaderBytes, position: 1, version: 1, to: &index)
        var cursor = try cursor(segment, index)
        #expect(try cursor.next(limit: 10)?.map(\.position) == [500])
        let error = #expect(throws: StrataError.self) { try cursor.next(limit: 10) }
        #expect(error?.code == .damaged)
    }

    @Test func commitsWithoutMarksAreNotGathered() throws {
        var segment = CraftedSegment()
        var index = GrowingIndex()
        for number in 1...30 {
            let commit = EncodedCommit([sampleEvent(String(repeating: "x", count: 10_000))], of: stream)
            // So near to each other that there is one mark.
            add(commit, at: 56 + number * 8, position: number, version: number, to: &index)
            segment.append(commit, epoch: 1, position: number, version: number)
        }
        index.extend(to: segment.bytes.count)
        segment.appendFooter(epoch: 1, lastPosition: 30, events: 30, commits: 30)
        var cursor = try cursor(segment, index)
        let error = #expect(throws: StrataError.self) { try cursor.next(limit: 10) }
        #expect(error?.code == .damaged)
        #expect(try #require(error?.offset) < Format.segmentHeaderBytes + WalkMark.distance + 20_000)
    }
}
