/// An aggregate type that a segment names, and what the segment holds of it.
package struct IndexedType: Hashable, Sendable {
    package let name: String
    package let tag: UInt32
    package var streamCount = 0
    /// Streams whose first version is in the segment.
    package var beginningCount = 0
    package var eventCount = 0
    package var commitCount = 0

    package init(_ name: String) {
        self.name = name
        tag = FrameHeader.tag(of: name)
    }
}
