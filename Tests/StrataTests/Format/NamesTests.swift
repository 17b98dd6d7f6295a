import EventSourcing
import Testing

@testable import Strata

/// The format asks bytes what ``EventLimits`` asks strings, and must get the same answers.
@Suite struct NamesTests {
    static let texts =
        ["", "Order", " Order", "Order ", "Or der", "Ö", "Bestellung/Überweisung", "注文", "\u{1F980}"]
        + [254, 255, 256].map { String(repeating: "n", count: $0) }
        + [127, 128].map { String(repeating: "ö", count: $0) }
        + (0..<0x100).map { "a\(Character(Unicode.Scalar(UInt8($0))))b" }

    @Test func bytesAreNamesWhereTheirTextIs() {
        for text in Self.texts {
            let bytes = Array(text.utf8)
            #expect(
                bytes.isAggregateType == EventLimits.isValidAggregateType(text), "\(text.debugDescription)")
            #expect(bytes.isEventType == EventLimits.isValidEventType(text), "\(text.debugDescription)")
        }
    }

    @Test(arguments: [[0x61, 0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xC3]] as [[UInt8]])
    func bytesThatAreNotUTF8AreNoName(_ bytes: [UInt8]) {
        #expect(!bytes.isAggregateType)
        #expect(!bytes.isEventType)
    }

    @Test func aSegmentsFileNameHasTwentyDigitsOfAPossibleNumber() {
        #expect(StoreLayout.eventSegment(42) == "events/00000000000000000042.seg")
        #expect(StoreLayout.snapshotSegment(7) == "snapshots/00000000000000000007.seg")
        #expect(StoreLayout.number(ofSegment: "00000000000000000042.seg") == 42)
        #expect(StoreLayout.number(ofSegment: "02305843009213693950.seg") == 2_305_843_009_213_693_950)
        for name in [
            "00000000000000000000.seg", "02305843009213693951.seg", "04611686018427387903.seg",
            "99999999999999999999.seg", "0000000000000000042.seg", "000000000000000000042.seg",
            "+0000000000000000042.seg", "0000000000000000004x.seg", "00000000000000000042.SEG",
            "00000000000000000042.seg.new", "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٤٢.seg",
        ] {
            #expect(StoreLayout.number(ofSegment: name) == nil, "\(name)")
            #expect(SegmentIdentity(fileName: name) == nil, "\(name)")
        }
    }

    @Test func aCompactedSegmentsFileNameHasItsGeneration() {
        let first = "00000000000000000042"
        #expect(SegmentIdentity(fileName: "\(first).seg") == SegmentIdentity(number: 42))
        let compacted = SegmentIdentity(number: 42, generation: 7)
        #expect(compacted.name == "events/\(first)-00000000000000000007.seg")
        #expect(SegmentIdentity(fileName: "\(first)-00000000000000000007.seg") == compacted)
        let largest = SegmentIdentity(number: 42, generation: Format.generationLimit - 1)
        #expect(SegmentIdentity(fileName: "\(first)-04611686018427387903.seg") == largest)
        for name in [
            "\(first)-00000000000000000000.seg", "\(first)-04611686018427387904.seg", "\(first)-7.seg",
            "\(first)-.seg", "-\(first).seg", "\(first)-\(first)-\(first).seg", "\(first)-\(first)",
            "00000000000000000000-\(first).seg",
        ] {
            #expect(SegmentIdentity(fileName: name) == nil, "\(name)")
        }
    }

    @Test func ofOneFirstPositionTheNewestSegmentComesFirst() {
        let segments = [(1, 0), (5, 2), (5, 9), (5, 0), (7, 1)].map { SegmentIdentity(number: $0, generation: $1) }
        #expect(
            segments.sorted().map(\.generation) == [0, 9, 2, 0, 1],
            "\(segments.sorted())")
    }
}
