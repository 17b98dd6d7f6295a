import Testing

@testable import Strata

@Suite struct SegmentNameTests {
    @Test func aNameTellsTheFirstPositionAndTheGeneration() {
        #expect(SegmentIdentity(fileName: "00000000000000000007.seg") == SegmentIdentity(number: 7))
        #expect(
            SegmentIdentity(fileName: "00000000000000000007-00000000000000000003.seg")
                == SegmentIdentity(number: 7, generation: 3))
        let last = SegmentIdentity(
            number: UInt64(Format.numberLimit) - 1, generation: Format.generationLimit - 1)
        #expect(SegmentIdentity(fileName: String(last.name.dropFirst(7))) == last)
    }

    @Test(arguments: [
        "00000000000000000000.seg", "0000000000000000007.seg", "000000000000000000007.seg", "7.seg", ".seg",
        "00000000000000000007", "00000000000000000007.idx", "+0000000000000000007.seg", "0000000000000000000x.seg",
        "02305843009213693952.seg", "99999999999999999999.seg", "00000000000000000007-.seg",
        "00000000000000000007-00000000000000000000.seg", "00000000000000000007-0000000000000000003.seg",
        "00000000000000000007-00000000000000000003-00000000000000000003.seg",
        "00000000000000000007-04611686018427387904.seg",
    ])
    func otherNamesAreOfNoSegment(_ name: String) {
        #expect(SegmentIdentity(fileName: name) == nil)
        #expect(StoreLayout.number(ofSegment: name) == nil)
    }
}
