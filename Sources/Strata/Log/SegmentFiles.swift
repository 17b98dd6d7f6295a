import Synchronization

/// The segments that are read, with their open files: a bounded number of them, the least recently used closed first.
///
/// A reader that still holds a segment that was closed here goes on with it; the descriptor goes with its last user.
final class SegmentFiles: Sendable {
    fileprivate struct OpenFiles {
        var files: [String: (content: SegmentContent, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private let capacity: Int
    private let openFiles = Mutex(OpenFiles())

    init(capacity: Int = 128) {
        self.capacity = capacity
    }

    /// The segment whose file has a name, opened if it is not open yet. May block.
    func content(
        _ name: String, open: () throws(StrataError) -> SegmentContent
    ) throws(StrataError) -> SegmentContent {
        if let content = openFiles.withLock({ $0.use(name) }) { return content }
        let content = try open()
        openFiles.withLock { $0.add(content, name, capacity: capacity) }
        return content
    }
}

extension SegmentFiles.OpenFiles {
    mutating func use(_ name: String) -> SegmentContent? {
        uses += 1
        files[name]?.lastUse = uses
        return files[name]?.content
    }

    mutating func add(_ content: SegmentContent, _ name: String, capacity: Int) {
        if files.count >= capacity, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            files[oldest] = nil
        }
        uses += 1
        files[name] = (content, uses)
    }
}
