import Testing

@testable import Strata

@Suite struct LocationTests {
    @Test func bothPartsComeBackOutOfTheirFortySevenBits() {
        for segment in [0, 1, 2, 12_345, 1 << 18 - 1] {
            for offset in [64, 72, 1 << 20, 1 << 32 - 8] {
                let location = Location(segment: segment, offset: offset)
                #expect(location.segment == segment)
                #expect(location.offset == offset)
                #expect(location.rawValue < 1 << 47)
                #expect(location != .missing)
                #expect(Location(rawValue: location.rawValue) == location)
            }
        }
    }
}
