import EventSourcing
import FoundationEssentials
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// Headers that verify, by the thousand, whose bodies do not.
@Suite struct ManyDamagedFramesTests {
    private let options = StrataOptions(segmentBytes: 1 << 20, idleMarkDelay: nil)

    private func appendDamaged(_ stream: StreamID, position: Int, to segment: inout CraftedSegment) {
        segment.append(.commit, epoch: 1, body: [UInt8](repeating: 0, count: Format.eventHeaderBytes)) { frame in
            frame.bodyChecksum ^= 1
            frame.eventCount = 1
            frame.firstPosition = position
            frame.firstVersion = 1
            frame.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
            frame.aggregateID = stream.id.bits
        }
    }

    private func appendMark(to segment: inout CraftedSegment) {
        let end = segment.bytes.count
        segment.append(.mark, epoch: 1) { $0.durableMark = end }
    }

    @Test func placesBehindTheFirstTenThousandAreToldTogether() async throws {
        let (listed, more) = (SegmentScan.mostListed, 5)
        let stream = sampleStream()
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: 1)
        let start = segment.bytes.count
        for number in 0..<listed + more { appendDamaged(stream, position: 2 + number, to: &segment) }
        let end = segment.bytes.count
        appendMark(to: &segment)
        let device = try CraftedSegment.device([segment])
        let damage = try StrataStore.verify(on: device).damage
        #expect(damage.count == listed + 1)
        #expect(damage[..<listed].allSatisfy { $0.stream == stream && $0.versions == 1...1 })
        let last = try #require(damage.last)
        #expect(last.offset == start + (end - start) / (listed + more) * listed)
        #expect(last.offset + last.length == end)
        #expect(last.reason == "places that do not verify, behind 10000 others: 5")
        #expect(last.stream == nil && last.versions == nil)
        #expect(last.positions == Position(listed + 2)...Position(listed + 6))
        var reading = options
        reading.access = .readOnly
        let store = try await StrataStore.open(on: device, options: reading)
        #expect(store.damage == damage)
        #expect(try await store.scrub().report().damage == damage)
        try await store.close()
    }

    /// Types of which the log knows many, and headers of which none is of these types.
    @Test func theTypesOfDamagedFramesAreNotSearchedForOneByOne() throws {
        let count = 30_000
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: 1)
        for number in 0..<count {
            let release = Release(firstLiveVersion: 2, isTruncated: true, isTombstoned: false)
            let encoded = EncodedRelease(release, of: StreamID("Type\(number)", UUID(bits: 1)))
            segment.append(.truncation, epoch: 1, body: encoded.body) { frame in
                frame.firstVersion = 2
                frame.aggregateTypeTag = FrameHeader.tag(of: "Type\(number)")
                frame.aggregateID = 1
            }
        }
        for number in 0..<count {
            appendDamaged(StreamID("Unknown", UUID(bits: UInt128(number))), position: 2 + number, to: &segment)
        }
        appendMark(to: &segment)
        let damage = try StrataStore.verify(on: try CraftedSegment.device([segment])).damage
        #expect(damage.count == SegmentScan.mostListed + 1)
        #expect(damage.allSatisfy { $0.stream == nil })
    }

    @Test func theStreamsOfDamagedFramesAreNotSearchedForOneByOne() async throws {
        let count = 15_000
        var segment = CraftedSegment()
        for number in 1...count {
            let stream = StreamID("Known", UUID(bits: UInt128(number)))
            segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: number)
        }
        for number in 1...count {
            let stream = StreamID("Unknown", UUID(bits: UInt128(number)))
            appendDamaged(stream, position: count + number, to: &segment)
        }
        appendMark(to: &segment)
        let report = try await StrataStore.salvage(
            from: try CraftedSegment.device([segment]), into: SimulatedDevice(seed: 2), options: options)
        #expect(report.commits == count)
        #expect(report.losses.count == count)
        #expect(report.lostPositions == [Position(count + 1)...Position(2 * count)])
    }
}
