import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A feed reads a log in pieces, and frames lie across their ends in every way.
@Suite struct FeedPieceTests {
    @Test func framesAreWholeWhereverAPieceEnds() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        var randomness = SeededRandomness(seed: 1)
        // Some frames are longer than a piece, and of others only the header is in one.
        var events: [NewEvent] = []
        for number in 0..<160 {
            let length = number % 40 == 39 ? 600_000 : Int.random(in: 1..<20_000, using: &randomness)
            events.append(sampleEvent(String(repeating: "f", count: length)))
        }
        for event in events { _ = try await store.events.append([event], to: stream, expecting: .any) }
        #expect(try await store.allEvents().map(\.id) == events.map(\.id))
        let backward = try await store.events.readAll(direction: .backward).collect()
        #expect(backward.map(\.id) == events.map(\.id).reversed())
        try await store.close()
    }

    @Test(arguments: [8, 16, 40, 80])
    func aPieceMayEndWithinAHeader(rest: Int) async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        // The header of the second commit begins so many bytes before the first piece ends.
        let end = FeedCursor.pieceBytes
        let start = Format.segmentHeaderBytes + Format.frameHeaderBytes + Format.openBodyBytes
        let empty = EncodedCommit([sampleEvent("")], of: stream).frameLength
        let text = String(repeating: "h", count: (end - rest) - start - empty)
        let events = [sampleEvent(text), sampleEvent("second"), sampleEvent("third")]
        for event in events { _ = try await store.events.append([event], to: stream, expecting: .any) }
        let frames = try StrataStore.inspectSegment("events/00000000000000000001.seg", on: device).frames
        #expect((end - Format.frameHeaderBytes..<end).contains(frames[2].offset))
        #expect(try await store.allEvents().map(\.id) == events.map(\.id))
        try await store.close()
    }

    /// Nothing but a commit begins a piece, so that what stands between two of them can make one of any length.
    @Test(arguments: [0, 8, 80, 88, 96])
    func aLongPieceIsReadBackwardInSteps(rest: Int) throws {
        let step = 1 << 20
        let stream = sampleStream()
        let release = EncodedRelease(
            Release(firstLiveVersion: 2, isTruncated: true, isTombstoned: false), of: sampleStream())
        // A step ends so many bytes behind the beginning of a frame.
        let empty = EncodedCommit([sampleEvent("")], of: stream).frameLength
        let text = String(repeating: "s", count: (step - rest - empty) % release.frameLength)
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent(text)], of: stream), epoch: 1, position: 1)
        let first = segment.bytes.count
        while segment.bytes.count < 2 * step {
            segment.append(.truncation, epoch: 1, body: release.body) { frame in
                frame.aggregateTypeTag = release.aggregateTypeTag
                frame.aggregateID = release.stream.id.bits
                release.release.write(to: &frame)
            }
        }
        try #require((step + Format.segmentHeaderBytes - first - rest).isMultiple(of: release.frameLength))
        segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: 2, version: 2)
        segment.appendFooter(epoch: 1, lastPosition: 2, events: 2, commits: 2)
        let device = try CraftedSegment.device([segment, CraftedSegment(number: 3)])
        let (log, sidecars) = try ReaderOpening(on: device, options: StrataOptions(idleMarkDelay: nil)).run()
        var cursor = BackwardFeedCursor(LogReader(index: log.index, sidecars: sidecars), from: .max, filter: .all)
        device.keepCalls()
        var positions: [Position] = []
        while let events = try cursor.next(limit: .max) { positions += events.map(\.position) }
        #expect(positions == [2, 1])
        let lengths = device.log.filter { $0.operation == .read }.map(\.length)
        #expect(lengths.allSatisfy { $0 <= step })
        #expect(lengths.reduce(0, +) < segment.bytes.count + 2 * step)
    }

    @Test func aFrameMayBeLongerThanAStepBackward() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        let events = [1, 3 << 20, 1].map { sampleEvent(String(repeating: "l", count: $0)) }
        for event in events { _ = try await store.events.append([event], to: stream, expecting: .any) }
        let backward = try await store.events.readAll(direction: .backward).collect()
        #expect(backward.map(\.id) == events.map(\.id).reversed())
        try await store.close()
    }
}
