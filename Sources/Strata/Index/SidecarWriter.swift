import Dispatch
import Synchronization

/// Makes the sidecars of segments that were sealed, and filters of several of them, beside the log: until they are there,
/// the segments' indexes in memory and their own filters serve.
final class SidecarWriter: Sendable {
    private let index: LogIndex
    private let files: SidecarFiles
    private let queue = DispatchQueue(label: "strata.sidecars", qos: .utility)
    private let isFinishing = Atomic(false)

    init(_ index: LogIndex, _ files: SidecarFiles) {
        self.index = index
        self.files = files
    }

    /// Makes the sidecar of a segment, some time; where that fails, the next opening walks the segment.
    func add(_ segment: IndexedSegment) {
        run {
            self.make(segment)
            self.group()
        }
    }

    /// Makes filters of several segments, some time, where there are enough segments without one.
    func groupFilters() {
        run { self.group() }
    }

    /// Waits until all sidecars are made. Blocks.
    func finish() {
        isFinishing.store(true, ordering: .relaxed)
        queue.sync {}
    }

    private func run(_ job: @escaping @Sendable () -> Void) {
        guard files.device.allowsBackgroundWork else { return job() }
        queue.async(execute: job)
    }

    private func group() {
        index.groupFilters { !isFinishing.load(ordering: .relaxed) }
    }

    private func make(_ segment: IndexedSegment) {
        let entry = segment.entry
        guard
            let memory = segment.memory, index.sealedSegment(entry.identity) === segment,
            let identity = try? files.identity(of: entry),
            let sidecar = files.make(of: memory, entry, identity)
        else { return }
        files.finish(entry.identity)
        let isThere = index.replace(segment) { IndexedSegment(entry, sidecar, types: $0) }
        if !isThere { files.remove(entry.identity) }
    }
}
