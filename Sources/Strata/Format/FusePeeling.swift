/// Takes hashes off one by one, each where it is the last one of a cell.
struct FusePeeling {
    private let shape: BinaryFuseFilter.Shape
    private var counts: [UInt32]
    private var sums: [UInt64]

    init(_ shape: BinaryFuseFilter.Shape) {
        self.shape = shape
        counts = Array(repeating: 0, count: shape.cellCount)
        sums = Array(repeating: 0, count: shape.cellCount)
    }

    /// The hashes, mixed, with the cell in which each was the last; nil where some cannot be taken off.
    mutating func order(of hashes: [UInt64]) -> [(hash: UInt64, cell: UInt32)]? {
        let count = add(hashes)
        var order: [(hash: UInt64, cell: UInt32)] = []
        order.reserveCapacity(count)
        var lone = counts.indices.filter { counts[$0] == 1 }.map { UInt32($0) }
        while let cell = lone.popLast() {
            guard counts[Int(cell)] == 1 else { continue }
            let hash = sums[Int(cell)]
            order.append((hash, cell))
            let (first, second, third) = shape.places(of: hash)
            take(hash, from: first, &lone)
            take(hash, from: second, &lone)
            take(hash, from: third, &lone)
        }
        return order.count == count ? order : nil
    }

    private mutating func take(_ hash: UInt64, from cell: Int, _ lone: inout [UInt32]) {
        counts[cell] -= 1
        sums[cell] ^= hash
        if counts[cell] == 1 { lone.append(UInt32(cell)) }
    }

    /// Puts each hash into its three cells, a repeated one once; returns how many there are.
    private mutating func add(_ hashes: [UInt64]) -> Int {
        var count = 0
        var previous: UInt64?
        for hash in hashes where hash != previous {
            previous = hash
            count += 1
            let mixed = shape.mixed(hash)
            let (first, second, third) = shape.places(of: mixed)
            counts[first] += 1
            counts[second] += 1
            counts[third] += 1
            sums[first] ^= mixed
            sums[second] ^= mixed
            sums[third] ^= mixed
        }
        return count
    }
}
