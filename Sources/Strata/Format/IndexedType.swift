/// An aggregate type that a segment names, and what the segment holds of it.
struct IndexedType: Hashable, Sendable {
    let name: String
    let tag: UInt32
    var streamCount = 0
    /// Streams whose first version is in the segment.
    var beginningCount = 0
    var eventCount = 0
    var commitCount = 0

    init(_ name: String) {
        self.name = name
        tag = FrameHeader.tag(of: name)
    }
}
