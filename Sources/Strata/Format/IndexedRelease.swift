/// A truncation or a tombstone in a segment.
struct IndexedRelease: Hashable, Sendable {
    /// The place of the aggregate type among those of the segment.
    let type: Int
    let id: UInt128
    /// The first version that a truncation leaves, or the last one of a stream that ended.
    let version: Int
    let isTombstone: Bool
    let offset: Int
}
