import EventSourcing
import FoundationEssentials
import StrataTesting
import Testing

@testable import Strata

@Suite struct SidecarTests {
    @Test(arguments: [(1, 0, 1), (2, 1, 1), (3, 40, 5), (4, 3_000, 700), (5, 3_000, 3)])
    func everyCommitIsFoundByStreamVersionAndEvent(seed: UInt64, commits: Int, streams: Int) throws {
        let sample = IndexSample(seed: seed, commits: commits, streams: streams)
        let sidecar = try Sidecar(sample.encoded, for: sample.binding)
        #expect(sidecar.summary == sample.index.summary)
        #expect(sidecar.types == sample.index.types)
        for (stream, commits) in Dictionary(grouping: sample.commits, by: \.stream) {
            let found = try #require(try sidecar.stream(stream))
            #expect(found.firstVersion == commits.first?.place.firstVersion)
            #expect(found.lastVersion == commits.last?.place.lastVersion)
            #expect(try sidecar.commits(of: stream, versions: 1...Int.max - 1) == commits.map(\.place))
            let middle = commits[commits.count / 2].place
            for version in middle.firstVersion...middle.lastVersion {
                #expect(try sidecar.commits(of: stream, versions: version...version) == [middle])
            }
        }
        let misplaced = try sample.commits.first { commit in
            try commit.ids.contains { try !sidecar.offsets(ofEvent: $0).contains(commit.place.offset) }
        }
        #expect(misplaced == nil, "seed \(seed)")
    }

    @Test func aLimitTakesTheFirstCommitsOfTheRange() throws {
        let sample = IndexSample(seed: 6, commits: 200, streams: 1)
        let sidecar = try Sidecar(sample.encoded, for: sample.binding)
        let stream = sample.commits[0].stream
        let places = sample.commits.filter { $0.stream == stream }.map(\.place)
        let range = places[3].lastVersion...places[9].firstVersion
        #expect(try sidecar.commits(of: stream, versions: range) == Array(places[3...9]))
        #expect(try sidecar.commits(of: stream, versions: range, limit: 2) == Array(places[3...4]))
    }

    @Test func theChecksumsOfALongSidecarTakeMoreThanAPage() throws {
        var index = GrowingIndex(isSearchable: false)
        let type = Array("A".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "A")) }
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.eventCount = 1
        for number in 1...90_000 {
            (header.firstPosition, header.firstVersion, header.aggregateID) = (number, 1, UInt128(number))
            _ = index.add(header, at: 64 + number * 96, type: type)
        }
        let binding = IndexSample(seed: 1, commits: 1, streams: 1).binding
        let bytes = SidecarEncoding(index).encoded(for: binding)
        let sidecar = try Sidecar(bytes, for: binding)
        #expect(bytes.count > 1_000 * Format.sidecarPageBytes)
        for number in [1, 45_000, 90_000] {
            let stream = StreamID("A", UUID(bits: UInt128(number)))
            #expect(try sidecar.commits(of: stream, versions: 1...1).map(\.offset) == [64 + number * 96])
        }
    }

    @Test func whatTheSegmentDoesNotHoldIsNotFound() throws {
        let sample = IndexSample(seed: 7, commits: 2_000, streams: 300)
        let sidecar = try Sidecar(sample.encoded, for: sample.binding)
        var randomness = SeededRandomness(seed: 8)
        #expect(try sidecar.stream(StreamID("Customer", UUID(using: &randomness))) == nil)
        for _ in 0..<500 {
            #expect(try sidecar.stream(StreamID("Order", UUID(using: &randomness))) == nil)
            #expect(try sidecar.offsets(ofEvent: UInt128(randomness.next())).isEmpty)
        }
        let stream = sample.commits[0].stream
        let last = try #require(try sidecar.stream(stream)).lastVersion
        #expect(try sidecar.commits(of: stream, versions: last + 1...last + 9).isEmpty)
    }

    @Test func marksLeadToAnyPositionAndInstant() throws {
        let sample = IndexSample(seed: 9, commits: 3_000, streams: 100)
        let sidecar = try Sidecar(sample.encoded, for: sample.binding)
        let marks = sample.index.marks
        #expect(marks.count > 10)
        for (index, mark) in marks.enumerated() {
            let byPosition = try sidecar.lastMark(.verifying) { $0.firstPosition <= mark.firstPosition }
            #expect(byPosition?.mark == mark)
            #expect(byPosition?.index == index)
            let before = try sidecar.lastMark(.verifying) { $0.storedAt < mark.storedAt }
            #expect(before?.mark == (index > 0 ? marks[index - 1] : nil))
            #expect(
                try sidecar.mark(ifAny: index + 1, .verifying) == (index + 1 < marks.count ? marks[index + 1] : nil))
        }
    }

    @Test func releasesComeBack() throws {
        var sample = IndexSample(seed: 10, commits: 20, streams: 3).index
        let type = Array("Gone".utf8).withSpan { sample.addType($0, tag: FrameHeader.tag(of: "Gone")) }
        let releases = [
            IndexedRelease(
                type: 0, id: 9, firstLiveVersion: 4, isTruncated: true, isTombstoned: false, offset: 800),
            IndexedRelease(
                type: type, id: .max, firstLiveVersion: 1, isTruncated: false, isTombstoned: true, offset: 1_600),
        ]
        for release in releases { sample.add(release, .distantPast) }
        let binding = IndexSample(seed: 10, commits: 1, streams: 1).binding
        let sidecar = try Sidecar(SidecarEncoding(sample).encoded(for: binding), for: binding)
        #expect(sidecar.releases == releases)
        #expect(sidecar.types.last?.name == "Gone")
    }

    @Test func aSidecarOfAnotherSegmentIsRefused() throws {
        let sample = IndexSample(seed: 11, commits: 20, streams: 3)
        let bytes = sample.encoded
        let changes: [(inout SidecarBinding) -> Void] = [
            { $0.storeID += 1 }, { $0.number += 1 }, { $0.generation += 1 }, { $0.digest += 1 },
            { $0.identity = FileIdentity(node: 6, change: -9, length: $0.identity.length) },
            { $0.identity = FileIdentity(node: 5, change: -8, length: $0.identity.length) },
            { $0.identity = FileIdentity(node: 5, change: -9, length: $0.identity.length + 8) },
        ]
        for change in changes {
            var other = sample.binding
            change(&other)
            #expect(throws: SidecarFault.damaged) { try Sidecar(bytes, for: other) }
        }
    }

    @Test func aLookUpThatMustNotBlockLooksOnlyAtVerifiedPages() throws {
        let sample = IndexSample(seed: 12, commits: 2_000, streams: 300)
        let sidecar = try Sidecar(sample.encoded, for: sample.binding)
        let commit = sample.commits[1_000]
        let hash = IndexHash.event(commit.ids[0])
        var offsets: [Int] = []
        #expect(throws: SidecarFault.unverified) { try sidecar.collectEvents(hash, into: &offsets, .verifiedOnly) }
        try sidecar.collectEvents(hash, into: &offsets, .verifying)
        #expect(offsets == [commit.place.offset])
        offsets = []
        try sidecar.collectEvents(hash, into: &offsets, .verifiedOnly)
        #expect(offsets == [commit.place.offset])
    }
}
