import EventSourcing
import FoundationEssentials
import Synchronization
import Testing

@testable import Strata

/// Many streams are looked for in many segments by going through the fewer of the two.
@Suite struct ManyStreamsTests {
    private func header(_ id: UInt128, position: Int, version: Int = 1) -> FrameHeader {
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.eventCount = 1
        header.aggregateID = id
        header.firstPosition = position
        header.firstVersion = version
        return header
    }

    private func entry(_ position: Int, events: Int = 1) -> Manifest.SealedSegment {
        Manifest.SealedSegment(
            firstPosition: UInt64(position), lastPosition: UInt64(position + events - 1), bytes: 1 << 20,
            eventCount: UInt64(events), commitCount: UInt64(events), digest: 0)
    }

    private func add(_ segment: GrowingIndex, _ entry: Manifest.SealedSegment, to index: LogIndex) {
        index.state.withLock { state in
            state.addSealed(segment.types) { IndexedSegment(entry, segment, isDamaged: false, types: $0) }
        }
    }

    private func stream(_ id: UInt128) -> StreamID { StreamID("A", UUID(bits: id)) }

    /// An index of many segments with one commit each behind one in which as many streams are truncated.
    private func index(released count: Int, segments: Int) -> LogIndex {
        let index = LogIndex()
        var first = GrowingIndex(isSearchable: false)
        let type = first.addType("A", tag: FrameHeader.tag(of: "A"))
        for number in 1...count {
            _ = first.add(header(UInt128(number), position: number), at: 64, type: type)
            first.add(
                IndexedRelease(
                    type: type, id: UInt128(number), firstLiveVersion: 2, isTruncated: true, isTombstoned: false,
                    offset: 64), .distantPast)
        }
        add(first, entry(1, events: count), to: index)
        for number in 1...segments {
            var segment = GrowingIndex(isSearchable: false)
            let type = segment.addType("A", tag: FrameHeader.tag(of: "A"))
            _ = segment.add(header(UInt128(number), position: count + number, version: 2), at: 64, type: type)
            add(segment, entry(count + number), to: index)
        }
        return index
    }

    @Test func releasesAreNotLookedForInEverySegment() throws {
        let statistics = try LogStatistics(index(released: 100_000, segments: 10_000))
        #expect(statistics.segments[0].releasedEvents == 100_000)
        #expect(statistics.segments[1...].allSatisfy { $0.releasedEvents == 0 })
        #expect(statistics.aggregateTypes.map(\.streams) == [100_000])
    }

    @Test func streamsThatTheLogDoesNotHaveAreNotLookedForInEverySegment() throws {
        let index = index(released: 2, segments: 10_000)
        let unknown = (0..<100_000).map { stream(1 << 64 + UInt128($0)) }
        let known = [1, 2, 3, 10_000].map { stream($0) }
        let versions = try index.versions(of: unknown + known + [StreamID("B", UUID(bits: 1))], .verifying)
        #expect(versions.count == 100_005)
        #expect(versions.filter { $0.value > 0 } == Dictionary(uniqueKeysWithValues: known.map { ($0, 2) }))
    }

    @Test func versionsAreThoseOfEachStream() throws {
        let sample = IndexSample(seed: 3, commits: 400, streams: 60)
        for keepsSidecar in [true, false] {
            let index = LogIndex()
            let entry = entry(1, events: 400)
            let sidecar = keepsSidecar ? try Sidecar(sample.encoded, for: sample.binding) : nil
            index.state.withLock { state in
                state.addSealed(sample.index.types) { types in
                    if let sidecar { return IndexedSegment(entry, sidecar, types: types) }
                    return IndexedSegment(entry, sample.index, isDamaged: false, types: types)
                }
            }
            let streams = Array(Set(sample.commits.map(\.stream))) + (0..<1_000).map { stream($0) }
            // Fewer than the segment has, and more.
            for part in [Array(streams.prefix(20)), streams] {
                let versions = try index.versions(of: part, .verifying)
                #expect(versions.count == part.count)
                for stream in part { #expect(try versions[stream] == index.version(of: stream, .verifying)) }
            }
        }
    }

    @Test func allSegmentsThatLackEventsCountAsDamaged() {
        let index = index(released: 1, segments: 5)
        index.markDamaged([SegmentIdentity(number: 3), SegmentIdentity(number: 5)])
        #expect(index.state.withLock { $0.sealed.filter(\.isDamaged).map(\.identity.number) } == [3, 5])
        #expect(index.state.withLock { !$0.active.isDamaged })
        index.markDamaged([SegmentIdentity(number: 1)])
        #expect(index.state.withLock { $0.sealed.filter(\.isDamaged).map(\.identity.number) } == [1, 3, 5])
        #expect(index.state.withLock { $0.active.isDamaged })
    }
}
