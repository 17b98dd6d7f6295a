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
}
