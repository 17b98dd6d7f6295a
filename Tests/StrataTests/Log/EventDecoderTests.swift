import EventSourcing
import Testing

@testable import Strata

@Suite struct EventDecoderTests {
    private let stream = sampleStream()

    /// How many events a frame with a body gives; nil where it is not laid out as its header says.
    private func events(_ body: [UInt8], of commit: EncodedCommit, count: Int) -> Int? {
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.bodyLength = body.count
        header.eventCount = count
        (header.firstPosition, header.firstVersion) = (1, 1)
        header.aggregateTypeTag = commit.aggregateTypeTag
        header.aggregateID = commit.stream.id.bits
        let bytes = Bytes([UInt8](repeating: 0, count: Format.frameHeaderBytes) + body)
        var decoder = EventDecoder()
        decoder.use(bytes)
        var events: [RecordedEvent] = []
        let isSound = decoder.decode(at: 0, header: header, into: &events)
        return isSound ? events.count : nil
    }

    @Test func aBodyEndsWithItsLastEvent() {
        let commit = EncodedCommit([sampleEvent("1"), sampleEvent("2")], of: stream)
        #expect(events(commit.body, of: commit, count: 2) == 2)
        #expect(events(commit.body, of: commit, count: 1) == nil)
        #expect(events(commit.body, of: commit, count: 3) == nil)
        #expect(events(commit.body + [UInt8](repeating: 0, count: 8), of: commit, count: 2) == nil)
        #expect(events(Array(commit.body.dropLast(8)), of: commit, count: 2) == nil)
    }
}
