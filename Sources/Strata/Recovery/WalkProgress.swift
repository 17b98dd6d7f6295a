import Synchronization

/// How many bytes of files have been walked, by however many threads.
final class WalkProgress: Sendable {
    /// What is told, at most once for so many bytes of a segment's content.
    private static let step = 1 << 20

    private let sum = Mutex(0)
    private let onProgress: @Sendable (Int) -> Void

    init(_ onProgress: @escaping @Sendable (Int) -> Void) {
        self.onProgress = onProgress
    }

    /// A segment that is going to be walked.
    ///
    /// - Parameters:
    ///   - bytes: the file's length.
    ///   - contentLength: the length of its frames, before compression.
    func segment(bytes: Int, contentLength: Int) -> Segment {
        Segment(self, bytes: bytes, contentLength: contentLength)
    }

    private func add(_ bytes: Int) {
        // Inside, so that nobody is told less than before.
        sum.withLock { sum in
            sum += bytes
            onProgress(sum)
        }
    }

    /// How far one segment has been walked.
    struct Segment {
        private let progress: WalkProgress
        private let bytes: Int
        private let contentLength: Int
        private var told = 0
        /// The offset that is worth telling next.
        private var next = WalkProgress.step

        fileprivate init(_ progress: WalkProgress, bytes: Int, contentLength: Int) {
            self.progress = progress
            self.bytes = bytes
            self.contentLength = max(1, contentLength)
        }

        /// Says that the walk has reached an offset in the content.
        mutating func reach(_ offset: Int) {
            guard offset >= next else { return }
            next = offset + WalkProgress.step
            let reached = Int(Double(bytes) * (Double(offset) / Double(contentLength)))
            tell(min(bytes, max(told, reached)))
        }

        /// Says that the walk has ended.
        mutating func finish() {
            tell(bytes)
        }

        private mutating func tell(_ reached: Int) {
            progress.add(reached - told)
            told = reached
        }
    }
}
