import Testing

@testable import Strata

@Suite struct HashSlotsTests {
    /// Places whose keys are their own numbers.
    private func slots(_ hashes: [UInt64]) -> HashSlots<Int> {
        var slots = HashSlots<Int>()
        for (place, hash) in hashes.enumerated() { slots.insert(place, hash, hashOf: { hashes[$0] }, keyOf: { $0 }) }
        return slots
    }

    /// How many places were looked at until one was found.
    private func steps(to place: Int, _ hash: UInt64, in slots: HashSlots<Int>) throws -> Int {
        var steps = 0
        let found = slots.first(hash, key: place) { candidate in
            steps += 1
            return candidate == place
        }
        try #require(found == place)
        return steps
    }

    @Test func aPlaceIsFoundInAFewStepsHoweverManyHaveItsHash() throws {
        let slots = slots(Array(repeating: 77, count: 5_000))
        for place in 0..<5_000 { #expect(try steps(to: place, 77, in: slots) <= 257) }
        #expect(slots.first(77, key: 5_000) { _ in false } == nil)
    }

    @Test func aPlaceIsFoundInAFewStepsAmongCrowdedNeighbours() throws {
        // All of them want the first slots, whatever the size of the table.
        let slots = slots((0..<5_000).map { UInt64($0) })
        for place in 0..<5_000 { #expect(try steps(to: place, UInt64(place), in: slots) <= 257) }
    }

    @Test func hashesThatAreSpreadNeedNoDictionary() throws {
        let hashes = (0..<50_000).map { IndexHash.mixed(UInt64($0)) }
        let slots = slots(hashes)
        #expect(slots.crowded.isEmpty)
        for place in stride(from: 0, to: hashes.count, by: 7) {
            #expect(try steps(to: place, hashes[place], in: slots) <= 256)
        }
    }

    @Test func roomThatIsReservedIsFilledTwoThirds() throws {
        let hashes = (0..<10_000).map { IndexHash.mixed(UInt64($0)) }
        var slots = HashSlots<Int>()
        slots.reserve(hashes.count)
        let memory = slots.memory
        for (place, hash) in hashes.enumerated() { slots.insert(place, hash, hashOf: { hashes[$0] }, keyOf: { $0 }) }
        #expect(slots.memory == memory)
        for place in hashes.indices { #expect(slots.first(hashes[place], key: place) { $0 == place } == place) }
    }
}
