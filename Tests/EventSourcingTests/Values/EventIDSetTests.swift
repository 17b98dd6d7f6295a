import EventSourcing
import Testing

@Suite struct EventIDSetTests {
    /// Whatever is added and taken out, the set says the same as one of the standard library.
    @Test(arguments: [1, 40, 3_000]) func holdsWhatASetHolds(universe: Int) {
        var generator = SeededRandomness(seed: UInt64(universe))
        let ids = (0..<universe).map { _ in UInt128.random(in: .min ... .max, using: &generator) } + [0]
        var set = EventIDSet()
        var model: Set<UInt128> = []
        for _ in 0..<20_000 {
            let id = ids.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                let isNew = set.insert(id)
                #expect(isNew == model.insert(id).inserted)
            case 2, 3:
                set.remove(id)
                model.remove(id)
            default: #expect(set.contains(id) == model.contains(id))
            }
            #expect(set.isEmpty == model.isEmpty)
        }
        #expect(ids.filter { set.contains($0) != model.contains($0) } == [])
        for id in ids { set.remove(id) }
        #expect(set.isEmpty)
    }

    @Test func idsThatAreCountedUpAreToldApart() {
        var set = EventIDSet(minimumCapacity: 10_000)
        let new = (0..<10_000 as Range<UInt128>).count { set.insert($0 << 64 | 7) }
        let newAgain = (0..<10_000 as Range<UInt128>).count { set.insert($0 << 64 | 7) }
        #expect(new == 10_000 && newAgain == 0)
        for id in stride(from: 0 as UInt128, to: 10_000, by: 2) { set.remove(id << 64 | 7) }
        for id in 0..<10_000 as Range<UInt128> { #expect(set.contains(id << 64 | 7) == (id % 2 == 1)) }
        set.removeAll()
        #expect(set.isEmpty && !set.contains(1 << 64 | 7))
    }
}
