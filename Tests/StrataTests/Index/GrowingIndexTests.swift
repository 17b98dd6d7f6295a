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

    @Test func typesOfOneTagAreNotComparedWithEachOther() {
        var index = GrowingIndex()
        let names = (0..<100_000).map { "Type\($0)" }
        let places = names.map { name in Array(name.utf8).withSpan { index.addType($0, tag: 1) } }
        #expect(places == Array(names.indices))
        #expect(names.allSatisfy { index.type(named: $0) == index.addType($0, tag: 1) })
        #expect(index.typeName(ofTag: 1) == "Type0")
        #expect(index.typeName(ofTag: 2) == nil)
    }

    @Test func eventsOfOneIDAreNotComparedWithEachOther() {
        let count = 100_000
        let (repeated, lone) = (IndexHash.event(7), IndexHash.event(8))
        var places = EventPlaces(isSearchable: false)
        for frame in 1...count { places.add(repeated, at: frame * 8) }
        places.add(lone, at: 16)
        places.makeSearchable()
        // Beside those of one id, the next place finds no free slot either.
        places.add(repeated + 1, at: 24)
        var offsets: [Int] = []
        places.collect(repeated, into: &offsets)
        #expect(offsets.sorted() == (1...count).map { $0 * 8 })
        for (hash, offset) in [(lone, 16), (repeated + 1, 24)] {
            offsets = []
            places.collect(hash, into: &offsets)
            #expect(offsets == [offset])
        }
    }

    @Test func aFrameThatRepeatsAnIDIsNamedOnce() {
        var places = EventPlaces()
        for offset in [64, 64, 64, 200] { places.add(5, at: offset) }
        var offsets: [Int] = []
        places.collect(5, into: &offsets)
        #expect(offsets == [64, 200])
    }

    /// Whoever makes ids can give them one hash.
    private func id(ofHash sum: UInt64, _ high: UInt64) -> UInt128 {
        UInt128(high) << 64 | UInt128(sum &- high &* 0x9E37_79B9_7F4A_7C15)
    }

    @Test func streamsOfOneHashAreNotComparedWithEachOther() {
        var index = GrowingIndex()
        let type = Array("A".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "A")) }
        let ids = (1...5_000).map { id(ofHash: 99, $0) }
        #expect(IndexHash.event(ids[0]) == IndexHash.event(ids[1]))
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.firstVersion = 1
        header.eventCount = 1
        for (place, id) in ids.enumerated() {
            header.aggregateID = id
            header.firstPosition = place + 1
            #expect(index.add(header, at: 64 + place * 8, type: type) == .begins)
        }
        let places = ids.map { index.stream(type, $0)?.first.offset }
        #expect(places == ids.indices.map { 64 + $0 * 8 })
        #expect(index.stream(type, id(ofHash: 99, 0)) == nil)
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
