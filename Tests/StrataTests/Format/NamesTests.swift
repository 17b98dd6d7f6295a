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
            "00000000000000000000.seg", "02305843009213693951.seg", "18446744073709551615.seg",
            "99999999999999999999.seg", "0000000000000000042.seg", "000000000000000000042.seg",
            "+0000000000000000042.seg", "0000000000000000004x.seg", "00000000000000000042.SEG",
            "00000000000000000042.seg.new", "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٤٢.seg",
        ] {
            #expect(StoreLayout.number(ofSegment: name) == nil, "\(name)")
        }
    }
}
