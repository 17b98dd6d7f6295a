import EventSourcing
import FoundationEssentials
import StrataTesting
import Testing

@testable import Strata

@Suite struct GrowingIndexTests {
    @Test func streamsAndEventsAreFoundWhileTheIndexGrows() throws {
        let sample = IndexSample(seed: 1, commits: 3_000, streams: 500)
        for (stream, commits) in Dictionary(grouping: sample.commits, by: \.stream) {
            let type = try #require(sample.index.type(named: stream.aggregateType))
            let found = sample.index.stream(type, stream.id.bits)
            let places = found.map { [$0.first] + $0.others }
            #expect(places == commits.map(\.place), "\(stream)")
        }
        for commit in sample.commits {
            for id in commit.ids {
                var offsets: [Int] = []
                sample.index.events.collect(IndexHash.event(id), into: &offsets)
                #expect(offsets == [commit.place.offset])
            }
        }
        var offsets: [Int] = []
        sample.index.events.collect(IndexHash.event(1), into: &offsets)
        #expect(offsets.isEmpty)
    }

    @Test func typesOfOneTagAreKeptApart() {
        var index = GrowingIndex()
        let first = Array("A".utf8).withSpan { index.addType($0, tag: 1) }
        let second = Array("B".utf8).withSpan { index.addType($0, tag: 1) }
        #expect(first != second)
        #expect(Array("A".utf8).withSpan { index.addType($0, tag: 1) } == first)
        #expect(index.types.map(\.name) == ["A", "B"])
    }

    @Test func whatAHeaderClaimsToBeLostTakesNoMemory() {
        var index = GrowingIndex()
        let type = Array("A".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "A")) }
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.firstVersion = 1 << 40
        header.eventCount = 1 << 30
        header.aggregateID = 7
        #expect(index.addMissing(header, type: type) == .begins)
        #expect(index.stream(type, 7)?.lastVersion == (1 << 40) + (1 << 30) - 1)
        #expect(index.streams.count == 1)
        #expect(index.summary.eventCount == 0)
    }

    @Test func anAdditionSaysHowItStandsToTheStream() {
        var index = GrowingIndex()
        let type = Array("A".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "A")) }
        func header(_ version: Int, _ count: Int) -> FrameHeader {
            var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
            header.firstVersion = version
            header.firstPosition = version
            header.eventCount = count
            header.aggregateID = 7
            return header
        }
        #expect(index.add(header(3, 2), at: 64, type: type) == .begins)
        #expect(index.add(header(5, 1), at: 200, type: type) == .follows)
        #expect(index.add(header(9, 1), at: 400, type: type) == .leavesGap(6...8))
        #expect(index.add(header(9, 1), at: 600, type: type) == .overlaps)
        #expect(index.addMissing(header(10, 4), type: type) == .follows)
        #expect(index.stream(type, 7)?.lastVersion == 13)
        #expect(index.stream(type, 7)?.others.last?.isMissing == true)
        #expect(index.stream(type, 8) == nil)
    }
}
