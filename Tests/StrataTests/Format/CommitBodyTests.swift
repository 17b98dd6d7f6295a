import EventSourcing
import Foundation
import Testing

@testable import Strata

@Suite struct CommitBodyTests {
    static let stream = StreamID("Order", UUID(bits: 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF))
    static let events = [
        NewEvent(
            id: UUID(bits: 0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10), type: "OrderCreated", schemaVersion: 3,
            occurredAt: Timestamp(uncheckedSeconds: -7, nanoseconds: 999_999_999), payload: Bytes("{\"a\":1}"),
            metadata: EventMetadata(correlationID: "c", additional: ["k": "v"])),
        NewEvent(
            id: UUID(bits: 0x2122_2324_2526_2728_292A_2B2C_2D2E_2F30), type: "Überwiesen",
            schemaVersion: Int(UInt32.max), occurredAt: .distantFuture, contentType: ContentType(rawValue: 200),
            payload: Bytes()),
    ]
    static let commit = EncodedCommit(events, of: stream)
    /// Where the two events begin.
    static let starts = [8, 8 + 80]

    static func header(eventCount: Int = 2, tag: UInt32 = commit.aggregateTypeTag) -> FrameHeader {
        var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
        header.eventCount = eventCount
        header.aggregateTypeTag = tag
        return header
    }

    static func decoded(_ body: [UInt8], _ header: FrameHeader = header()) -> CommitBody? {
        CommitBody(decoding: body.span.bytes, header: header)
    }

    @Test func whatIsEncodedIsDecoded() throws {
        var header = Self.header()
        header.bodyLength = Self.commit.body.count
        header.bodyChecksum = Self.commit.bodyChecksum
        header.firstVersion = 5
        header.firstPosition = 77
        header.aggregateID = Self.stream.id.bits
        #expect(header.verifies(body: Self.commit.body))
        var frame = FrameHeaderTests.encoded(header)
        frame += Self.commit.body
        #expect(frame.count == Self.commit.frameLength)
        var events: [RecordedEvent] = []
        var decoder = EventDecoder()
        decoder.use(Bytes(frame))
        let isDecoded = decoder.decode(at: 0, header: header, into: &events)
        #expect(isDecoded)
        for (index, pair) in zip(events, Self.events).enumerated() {
            #expect(pair.0.stream == Self.stream)
            #expect(pair.0.version == 5 + index)
            #expect(pair.0.position == Position(77 + index))
            #expect(pair.0.id == pair.1.id)
            #expect(pair.0.type == pair.1.type)
            #expect(pair.0.schemaVersion == pair.1.schemaVersion)
            #expect(pair.0.occurredAt == pair.1.occurredAt)
            #expect(pair.0.contentType == pair.1.contentType)
            #expect(pair.0.payload == pair.1.payload)
            #expect(pair.0.metadata == pair.1.metadata)
        }
        #expect(events.count == 2)
        #expect(try #require(Self.decoded(Self.commit.body)).events.map(\.start) == Self.starts)
    }

    @Test func namesOfEveryLengthKeepEventsAligned() {
        for length in 1...255 {
            let stream = StreamID(String(repeating: "n", count: length), Self.stream.id)
            let commit = EncodedCommit(Self.events, of: stream)
            #expect(commit.body.count.isMultiple(of: 8))
            #expect(Self.decoded(commit.body, Self.header(tag: commit.aggregateTypeTag))?.events.count == 2)
        }
    }

    @Test func aBodyThatIsCutOffIsRefused() {
        for length in 0..<Self.commit.body.count {
            #expect(Self.decoded(Array(Self.commit.body.prefix(length))) == nil, "length \(length)")
        }
    }

    @Test func bytesBehindTheLastEventAreRefused() {
        #expect(Self.decoded(Self.commit.body + [0, 0, 0, 0, 0, 0, 0, 0]) == nil)
    }

    @Test func theNumberOfEventsMustBeTheHeaders() {
        #expect(Self.decoded(Self.commit.body, Self.header(eventCount: 1)) == nil)
        #expect(Self.decoded(Self.commit.body, Self.header(eventCount: 3)) == nil)
        #expect(Self.decoded(Self.commit.body, Self.header(eventCount: Int(UInt32.max))) == nil)
    }

    @Test func theTagMustBeTheAggregateTypes() {
        #expect(Self.decoded(Self.commit.body, Self.header(tag: Self.commit.aggregateTypeTag ^ 1)) == nil)
    }

    @Test(arguments: ["Or/er", "Or\u{1}er", "Or\u{7F}er", " rder", "Orde "])
    func anAggregateTypeThatBreaksTheRulesIsRefused(_ name: String) {
        var body = Self.commit.body
        body.replaceSubrange(1...5, with: name.utf8)
        #expect(Self.decoded(body, Self.header(tag: FrameHeader.tag(of: name))) == nil)
    }

    @Test func anAggregateTypeThatIsNotUTF8IsRefused() {
        let body = Self.commit.body.with(UInt8(0xFF), at: 3)
        #expect(Self.decoded(body, Self.header(tag: Checksum.crc32c(body[1...5]))) == nil)
    }

    @Test func anAggregateTypeWithoutLengthIsRefused() {
        let body = Self.commit.body.with(UInt64(0), at: 0)
        #expect(Self.decoded(body, Self.header(tag: 0)) == nil)
    }

    @Test func everyReservedOrPaddingByteMustBeZero() {
        let metadata = Self.events[0].metadata.encoded.count
        let firstEnd = Self.starts[0] + 48 + "OrderCreated".utf8.count + metadata + 7
        let secondEnd = Self.starts[1] + 48 + "Überwiesen".utf8.count
        var unused = Array(6..<8) + Array(firstEnd..<Self.starts[1]) + Array(secondEnd..<Self.commit.body.count)
        for start in Self.starts { unused += start + 43..<start + 48 }
        #expect(firstEnd < Self.starts[1] && secondEnd < Self.commit.body.count)
        for offset in unused {
            #expect(Self.commit.body[offset] == 0)
            #expect(Self.decoded(Self.commit.body.with(UInt8(1), at: offset)) == nil, "offset \(offset)")
        }
    }

    @Test func anImpossibleTimeIsRefused() {
        for start in Self.starts {
            for (seconds, nanoseconds) in impossibleTimestamps {
                let body = Self.commit.body.with(seconds, at: start + 16).with(nanoseconds, at: start + 24)
                #expect(Self.decoded(body) == nil)
            }
        }
    }

    @Test func lengthsThatReachBeyondTheBodyAreRefused() {
        for start in Self.starts {
            for length in [UInt32(1_024), 0x7FFF_FFFF, .max] {
                #expect(Self.decoded(Self.commit.body.with(length, at: start + 32)) == nil)
                #expect(Self.decoded(Self.commit.body.with(length, at: start + 36)) == nil)
            }
            #expect(Self.decoded(Self.commit.body.with(UInt16.max, at: start + 40)) == nil)
        }
    }

    @Test func anEventTypeThatBreaksTheRulesIsRefused() {
        let typeStart = Self.starts[0] + 48
        #expect(Self.decoded(Self.commit.body.with(UInt8(ascii: "/"), at: typeStart)) != nil)
        for byte in [UInt8(0), 0x1F, 0x20, 0x7F, 0xFF] {
            #expect(Self.decoded(Self.commit.body.with(byte, at: typeStart)) == nil, "byte \(byte)")
        }
        // Without a type, its bytes count as metadata.
        let untyped = Self.commit.body.with(UInt16(0), at: Self.starts[0] + 40)
            .with(UInt32(Self.events[0].metadata.encoded.count + 12), at: Self.starts[0] + 36)
        #expect(Self.decoded(untyped) == nil)
    }

    @Test func noBitThatChangesMakesDecodingTrap() {
        for (_, body) in Self.commit.body.withEachBitFlipped {
            guard let decoded = Self.decoded(body) else { continue }
            #expect(decoded.events.allSatisfy { $0.end <= body.count })
        }
    }
}
