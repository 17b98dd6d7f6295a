import Testing

@testable import Strata

@Suite struct TypeTableTests {
    @Test func aSegmentTakesNoMemoryForTypesThatItDoesNotName() {
        var table = TypeTable()
        for number in 0..<10_000 { _ = table.add("Type\(number)") }
        let places = table.places(of: [IndexedType("Type9999"), IndexedType("Type0"), IndexedType("Type500")])
        #expect(places.memory < 1_000)
        #expect(places[9_999] == 0)
        #expect(places[0] == 1)
        #expect(places[500] == 2)
        for number: UInt32 in [1, 2, 499, 501, 9_998, 10_000, .max] { #expect(places[number] == nil) }
    }

    @Test func aSegmentOfAllTypesFindsThemAtTheirNumbers() {
        var table = TypeTable()
        for name in ["A", "B", "C"] { _ = table.add(name) }
        let places = table.places(of: [IndexedType("C"), IndexedType("A"), IndexedType("B")])
        #expect((0..<4).map { places[$0] } == [1, 2, 0, nil])
        #expect(table.places(of: [])[0] == nil)
    }
}
