import Synchronization

/// The open files of segments that are read: a bounded number of them, the least recently used closed first.
///
/// A reader that still holds a file that was closed here goes on with it; the descriptor goes with its last user.
final class SegmentFiles: Sendable {
    fileprivate struct OpenFiles {
        var files: [String: (file: StoreFile, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private let device: any Device
    private let capacity: Int
    private let openFiles = Mutex(OpenFiles())

    init(on device: any Device, capacity: Int = 128) {
        self.device = device
        self.capacity = capacity
    }

    /// The file of a name, opened if it is not open yet. May block.
    func file(_ name: String) throws(StrataError) -> StoreFile {
        if let file = openFiles.withLock({ $0.use(name) }) { return file }
        let file = try StoreFile(name, .read, on: device)
        openFiles.withLock { $0.add(file, name, capacity: capacity) }
        return file
    }
}

extension SegmentFiles.OpenFiles {
    mutating func use(_ name: String) -> StoreFile? {
        uses += 1
        files[name]?.lastUse = uses
        return files[name]?.file
    }

    mutating func add(_ file: StoreFile, _ name: String, capacity: Int) {
        if files.count >= capacity, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            files[oldest] = nil
        }
        uses += 1
        files[name] = (file, uses)
    }
}
