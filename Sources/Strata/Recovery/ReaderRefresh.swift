import Synchronization

/// Brings the index of a store that is open for reading only up to date, when a compaction by another process has taken
/// segments away that it names.
final class ReaderRefresh: Sendable {
    private let index: LogIndex
    private let opening: ReaderOpening
    /// Held by whoever does it.
    private let turn = Mutex(())

    init(_ index: LogIndex, _ opening: ReaderOpening) {
        self.index = index
        self.opening = opening
    }

    /// Reads the store as it is now, unless somebody has done so since the segment was missed. May block for long.
    func run(missing segment: SegmentIdentity) throws(StrataError) {
        try turn.withLock { _ throws(StrataError) in
            guard index.segment(segment) != nil else { return }
            index.replaceContent(by: try read())
        }
    }

    /// Reads the store as it is now. May block for long.
    func run() throws(StrataError) {
        try turn.withLock { _ throws(StrataError) in index.replaceContent(by: try read()) }
    }

    /// Only with all pages: what the index knows already must not go because one cannot be read for a moment.
    private func read() throws(StrataError) -> LogIndex {
        try opening.run(mayMissPages: false).log.index
    }
}

extension LogIndex {
    func replaceContent(by other: LogIndex) {
        if other.hasReleases { noteRelease() }
        other.state.withLock { new in
            state.withLock { old in
                new.contentChanges = old.contentChanges + 1
                new.lastPosition = max(new.lastPosition, old.lastPosition)
                swap(&new, &old)
            }
        }
    }
}
