import Testing

@testable import Strata

@Suite struct EventIDTableTests {
    /// Ids that look random, and ids that count up in one half only.
    private static func ids(_ count: Int, _ pattern: Int) -> [UInt128] {
        (0..<UInt128(count)).map { index in
            switch pattern {
            case 0: (index + 1) &* 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835
            case 1: index
            default: index << 64
            }
        }
    }

    private static func location(_ index: Int) -> Location {
        Location(segment: index % 300, offset: 64 + index * 8)
    }

    @Test(arguments: 0...2)
    func everyEventThatWasInsertedIsFoundAtEverySize(_ pattern: Int) {
        let ids = Self.ids(30_000, pattern)
        var table = EventIDTable()
        for (index, id) in ids.enumerated() {
            table.insert(id, at: Self.location(index))
            #expect(table.count == index + 1)
            // The newest one at once, and all of them when a table may just have been added.
            guard table.candidates(for: id).contains(Self.location(index)) else {
                Issue.record("event \(index) is not found after its insertion")
                return
            }
            guard (index + 1).isMultiple(of: 10_000) else { continue }
            let lost = (0...index).first { !table.candidates(for: ids[$0]).contains(Self.location($0)) }
            #expect(lost == nil, "of \(index + 1)")
        }
    }

    @Test func anIDThatWasInsertedTwiceHasBothPlaces() {
        var table = EventIDTable()
        table.insert(7, at: Self.location(1))
        table.insert(7, at: Self.location(2))
        #expect(Set(table.candidates(for: 7)) == [Self.location(1), Self.location(2)])
    }

    @Test(arguments: 0...2)
    func fewAbsentIDsHaveCandidates(_ pattern: Int) {
        let ids = Self.ids(60_000, pattern)
        var table = EventIDTable()
        for (index, id) in ids[..<30_000].enumerated() { table.insert(id, at: Self.location(index)) }
        let candidates = ids[30_000...].count { !table.candidates(for: $0).isEmpty }
        #expect(candidates < 30, "of 30,000")
    }

    @Test func anEventTakesNineToSixteenBytes() {
        var table = EventIDTable()
        for (index, id) in Self.ids(150_000, 0).enumerated() {
            table.insert(id, at: Self.location(index))
            let count = index + 1
            guard count >= 10_000, count.isMultiple(of: 1_000) || count < 12_000 else { continue }
            let perEvent = Double(table.memory) / Double(count)
            guard perEvent >= 9, perEvent <= 16 else {
                Issue.record("\(perEvent) bytes an event at \(count)")
                return
            }
        }
    }

    @Test(arguments: [10_000, 54_321, 150_000])
    func aTableMadeForANumberOfEventsHoldsThemWithoutGrowing(_ count: Int) {
        var table = EventIDTable(expectedCount: count)
        let before = table.memory
        for (index, id) in Self.ids(count, 0).enumerated() { table.insert(id, at: Self.location(index)) }
        #expect(table.memory == before)
        #expect((9.0...16.0).contains(Double(table.memory) / Double(count)))
    }
}
