import StrataTesting
import Testing

@testable import Strata

@Suite struct BinaryFuseFilterTests {
    private static func hashes(_ count: Int, seed: UInt64) -> [UInt64] {
        var randomness = SeededRandomness(seed: seed)
        return (0..<count).map { _ in randomness.next() }.sorted()
    }

    @Test(arguments: [1, 2, 3, 5, 10, 33, 100, 1_000, 4_095, 20_000, 150_000])
    func everyHashOfTheSetMayBeInIt(_ count: Int) {
        let hashes = Self.hashes(count, seed: UInt64(count))
        let filter = BinaryFuseFilter(of: hashes)
        #expect(filter.shape.windows > 0)
        #expect(hashes.first { !filter.mayContain($0) } == nil)
    }

    @Test func fewOtherHashesSeemToBeInTheSet() {
        let filter = BinaryFuseFilter(of: Self.hashes(50_000, seed: 1))
        let found = Self.hashes(200_000, seed: 2).count { filter.mayContain($0) }
        // 1 in 4,096 of 200,000 are 49.
        #expect((20...90).contains(found), "\(found) of 200,000")
    }

    @Test(arguments: [10_000, 54_321, 150_000, 1_000_000])
    func aHashTakesLessThanTwoBytes(_ count: Int) {
        let bytes = BinaryFuseFilter(of: Self.hashes(count, seed: 3)).cells.count
        #expect(Double(bytes) / Double(count) < 2)
    }

    @Test func aHashThatIsThereTwiceCountsOnce() {
        let filter = BinaryFuseFilter(of: [7, 7, 7, 1 << 40, 1 << 40])
        #expect(filter.shape.windows > 0)
        #expect(filter.mayContain(7) && filter.mayContain(1 << 40))
    }

    @Test func hashesThatAreNoneStillGiveARightAnswer() {
        // Numbers counted up fall into the same cells.
        let numbers = (0..<20_000).map { UInt64($0) }
        let filter = BinaryFuseFilter(of: numbers)
        #expect(numbers.allSatisfy { filter.mayContain($0) })
    }

    @Test func aFilterOfNothingSaysNothing() {
        let filter = BinaryFuseFilter(of: [])
        #expect(filter.cells.isEmpty)
        #expect(filter.mayContain(1))
    }

    @Test func cellsThatDoNotFitTheShapeAreRefused() {
        let filter = BinaryFuseFilter(of: Self.hashes(1_000, seed: 4))
        #expect(BinaryFuseFilter(filter.shape, cells: filter.cells) == filter)
        #expect(BinaryFuseFilter(filter.shape, cells: Array(filter.cells.dropLast())) == nil)
        #expect(BinaryFuseFilter(filter.shape, cells: []) == nil)
        let largest = BinaryFuseFilter.Shape(seed: 0, windowBits: .max, windows: .max)
        #expect(BinaryFuseFilter(largest, cells: []) == nil)
    }

    @Test func aShapeBeyondItsLimitsIsRefused() {
        let (bits, windows) = (BinaryFuseFilter.longestWindowBits, BinaryFuseFilter.mostWindows)
        #expect(BinaryFuseFilter.Shape(seed: 0, windowBits: bits, windows: windows).isValid)
        #expect(!BinaryFuseFilter.Shape(seed: 0, windowBits: bits + 1, windows: windows).isValid)
        #expect(!BinaryFuseFilter.Shape(seed: 0, windowBits: bits, windows: windows + 1).isValid)
    }
}
