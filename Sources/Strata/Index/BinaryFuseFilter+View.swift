extension BinaryFuseFilter {
    /// A filter whose cells somebody else holds.
    struct View: Sendable {
        private let shape: Shape
        private let cells: PinnedBytes.View

        init(_ shape: Shape, _ cells: PinnedBytes) {
            self.shape = shape
            self.cells = PinnedBytes.View(cells)
        }

        /// Whether a hash may be in the set. O(1).
        @inline(__always)
        func mayContain(_ hash: UInt64) -> Bool {
            shape.mayContain(hash) { index in Shape.cell(index) { cells.number(at: $0) } }
        }
    }
}
