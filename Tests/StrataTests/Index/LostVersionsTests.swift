import EventSourcing
import FoundationEssentials
import Synchronization
import Testing

@testable import Strata

/// Versions that cannot be read any more are known to the index, in memory that a forged header cannot choose.
@Suite struct LostVersionsTests {
    private let stream = StreamID("Sample", UUID(bits: 7))

    /// An index over one file, with a commit of one event at a version.
    private func index(fileBytes: Int, version: Int) -> (index: LogIndex, missing: ClosedRange<Int>?) {
        let index = LogIndex()
        index.addSegment(SegmentIdentity(number: 1), fileBytes: fileBytes)
        let entry = LogIndex.Entry(
            aggregateID: stream.id.bits, firstVersion: version, firstPosition: 1, storedAt: .distantPast, offset: 64,
            frameLength: 200, eventCount: 1)
        let missing = index.state.withLock { state in
            state.add(entry, aggregateType: state.number(ofType: stream.aggregateType), eventIDs: [1])
        }
        return (index, missing)
    }

    @Test func lostVersionsStandBeforeThoseThatAreThere() {
        let (index, missing) = index(fileBytes: 1_000, version: 6)
        #expect(missing == 1...5)
        #expect(
            index.locations(of: stream, versions: 1...6)
                == Array(repeating: .missing, count: 5) + [Location(segment: 0, offset: 64)])
    }

    @Test func versionsThatTheFilesNeverHadRoomForTakeNoMemory() {
        let (index, missing) = index(fileBytes: 1_000, version: 1 << 24)
        #expect(missing == 1...(1 << 24 - 1))
        #expect(index.locations(of: stream, versions: 1...(1 << 24)) == [.missing])
    }

    @Test func aCommitThatIsCutOffTakesNoMoreMemoryThanTheFile() {
        let (index, _) = index(fileBytes: 1_000, version: 1)
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.firstVersion = 2
        header.eventCount = 1 << 21
        header.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
        header.aggregateID = stream.id.bits
        index.state.withLock { $0.addDamaged(header) }
        #expect(index.version(of: stream) == 2)
    }
}
