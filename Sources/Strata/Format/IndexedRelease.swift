/// A truncation or a tombstone in a segment.
package struct IndexedRelease: Hashable, Sendable {
    /// The place of the aggregate type among those of the segment.
    package let type: Int
    package let id: UInt128
    /// The lowest version that is not released.
    package let firstLiveVersion: Int
    /// Whether events were released before ones that were left.
    package let isTruncated: Bool
    package let isTombstoned: Bool
    package let offset: Int

    package init(
        type: Int, id: UInt128, firstLiveVersion: Int, isTruncated: Bool, isTombstoned: Bool, offset: Int
    ) {
        self.type = type
        self.id = id
        self.firstLiveVersion = firstLiveVersion
        self.isTruncated = isTruncated
        self.isTombstoned = isTombstoned
        self.offset = offset
    }
}
