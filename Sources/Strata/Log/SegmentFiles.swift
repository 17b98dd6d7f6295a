import Synchronization

/// The segments that are read, with their open files: a bounded number of them, the least recently used closed first.
///
/// A reader that still holds a segment that was closed here goes on with it; the descriptor goes with its last user.
final class SegmentFiles<Key: Hashable & Sendable>: Sendable {
    fileprivate struct OpenFiles {
        var files: [Key: (content: SegmentContent, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private let capacity: Int
    private let openFiles = Mutex(OpenFiles())

    init(capacity: Int = 128) {
        self.capacity = capacity
    }

    /// A segment, if it is open.
    func openContent(_ segment: Key) -> SegmentContent? {
        openFiles.withLock { $0.use(segment) }
    }

    /// A segment, opened if it is not open yet. May block.
    func content(
        _ segment: Key, open: () throws(StrataError) -> SegmentContent
    ) throws(StrataError) -> SegmentContent {
        if let content = openContent(segment) { return content }
        let content = try open()
        openFiles.withLock { $0.add(content, segment, capacity: capacity) }
        return content
    }

    /// Lets go of segments.
    func close(where isUnneeded: (Key) -> Bool) {
        openFiles.withLock { openFiles in openFiles.files = openFiles.files.filter { !isUnneeded($0.key) } }
    }
}

extension SegmentFiles.OpenFiles {
    mutating func use(_ segment: Key) -> SegmentContent? {
        uses += 1
        files[segment]?.lastUse = uses
        return files[segment]?.content
    }

    mutating func add(_ content: SegmentContent, _ segment: Key, capacity: Int) {
        if files.count >= capacity, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            files[oldest] = nil
        }
        uses += 1
        files[segment] = (content, uses)
    }
}
