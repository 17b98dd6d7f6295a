/// Tells of a set of hashes that one is not in it, in about 14 bits of memory a hash: of 10,000 that are not in the set,
/// 2 or 3 seem to be.
///
/// Three cells of 12 bits, chosen by the hash, give its fingerprint when they are combined by exclusive or.
/// Source: Graf, Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters" (JEA 27, 2022).
package struct BinaryFuseFilter: Hashable, Sendable {
    /// What a filter is besides its cells.
    package struct Shape: Hashable, Sendable {
        /// 0 leaves hashes as they are.
        package var seed: UInt64 = 0
        /// A window has 2 to this power of cells.
        package var windowBits: UInt32 = 0
        /// How many windows the first of a hash's three cells may be in; the other two are in the next ones. 0 in a
        /// filter that says nothing.
        package var windows: UInt32 = 0
    }

    static let longestWindowBits: UInt32 = 18
    static let mostWindows: UInt32 = 1 << 16
    /// Where so many seeds fail, the hashes are no hashes.
    private static let attempts = 64

    package let shape: Shape
    package let cells: [UInt8]

    /// A filter that was read.
    ///
    /// - Returns: nil where there are not as many cells as the shape says.
    package init?(_ shape: Shape, cells: [UInt8]) {
        guard shape.isValid, cells.count == shape.bytes else { return nil }
        self.shape = shape
        self.cells = cells
    }

    /// A filter that says of every hash that it may be in the set.
    private init() {
        shape = Shape()
        cells = []
    }

    /// A filter of hashes, in ascending order. O(number of hashes).
    package init(of hashes: [UInt64]) {
        self.init()
        var shape = Shape(count: hashes.count)
        guard shape.windows > 0 else { return }
        for attempt in 0..<Self.attempts {
            if attempt > 0 { shape.seed = IndexHash.mixed(UInt64(attempt) &* 0x9E37_79B9_7F4A_7C15) }
            var peeling = FusePeeling(shape)
            if let order = peeling.order(of: hashes) {
                self.init(shape, order)
                return
            }
        }
    }

    private init(_ shape: Shape, _ order: [(hash: UInt64, cell: UInt32)]) {
        var cells = Array<UInt8>(repeating: 0, count: shape.bytes)
        // The last one to be peeled off depends on no other.
        for (hash, own) in order.reversed() {
            let (first, second, third) = shape.places(of: hash)
            let value =
                Shape.fingerprint(of: hash) ^ Self.cell(first, in: cells.span.bytes)
                ^ Self.cell(second, in: cells.span.bytes) ^ Self.cell(third, in: cells.span.bytes)
            // The cell itself is 0 until now.
            Self.set(Int(own), to: value, in: &cells)
        }
        self.shape = shape
        self.cells = cells
    }

    /// Whether a hash may be in the set. O(1).
    package func mayContain(_ hash: UInt64) -> Bool {
        shape.mayContain(hash) { Self.cell($0, in: cells.span.bytes) }
    }

    private static func cell(_ index: Int, in cells: RawSpan) -> UInt16 {
        Shape.cell(index) { cells.number(at: $0) }
    }

    private static func set(_ index: Int, to value: UInt16, in cells: inout [UInt8]) {
        let place = (index * 3) >> 1
        if index & 1 == 0 {
            cells[place] = UInt8(truncatingIfNeeded: value)
            cells[place + 1] = cells[place + 1] & 0xF0 | UInt8(truncatingIfNeeded: value >> 8)
        } else {
            cells[place] = cells[place] & 0x0F | UInt8(truncatingIfNeeded: value << 4)
            cells[place + 1] = UInt8(truncatingIfNeeded: value >> 4)
        }
    }
}

extension BinaryFuseFilter.Shape {
    /// Room for a number of hashes, with the source's formulas. The logarithm is exact enough at powers of two.
    init(count: Int) {
        guard count > 0 else { return }
        let number = Double(count)
        let logarithm = max(1, Double(number.exponent) + number.significand - 1)
        windowBits = UInt32(min(Double(BinaryFuseFilter.longestWindowBits), logarithm / 1.7355 + 2.25))
        let cells = Int(number * max(1.125, 0.875 + 4.983 / logarithm))
        let window = 1 << Int(windowBits)
        windows = UInt32(clamping: max(1, (cells + window - 1) / window - 2))
        if windows > BinaryFuseFilter.mostWindows { windows = 0 }
    }

    package var isValid: Bool {
        windows <= BinaryFuseFilter.mostWindows && windowBits <= BinaryFuseFilter.longestWindowBits
    }

    var cellCount: Int { windows == 0 ? 0 : (Int(windows) + 2) << Int(windowBits) }

    /// How many bytes the cells take: one more than they fill, so that each can be read as part of two.
    package var bytes: Int { windows == 0 ? 0 : (cellCount * 12 + 7) / 8 + 1 }

    @inline(__always)
    func mixed(_ hash: UInt64) -> UInt64 {
        seed == 0 ? hash : IndexHash.mixed(hash &+ seed)
    }

    @inline(__always)
    func mayContain(_ hash: UInt64, cell: (Int) -> UInt16) -> Bool {
        guard windows > 0 else { return true }
        let mixed = mixed(hash)
        let (first, second, third) = places(of: mixed)
        return cell(first) ^ cell(second) ^ cell(third) == Self.fingerprint(of: mixed)
    }

    /// A cell of 12 bits in numbers of two bytes at any offset.
    @inline(__always)
    static func cell(_ index: Int, number: (Int) -> UInt16) -> UInt16 {
        number((index &* 3) >> 1) >> UInt16((index & 1) &* 4) & 0xFFF
    }

    /// The three cells of a hash that was mixed with the seed.
    @inline(__always)
    func places(of hash: UInt64) -> (Int, Int, Int) {
        let window = 1 << Int(windowBits)
        let mask = UInt64(window - 1)
        let first = IndexHash.place(hash, of: Int(windows) << Int(windowBits))
        let second = (first &+ window) ^ Int(hash >> 18 & mask)
        let third = (first &+ 2 &* window) ^ Int(hash & mask)
        return (first, second, third)
    }

    @inline(__always)
    static func fingerprint(of hash: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: hash ^ hash >> 32) & 0xFFF
    }
}
