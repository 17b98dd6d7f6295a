import Dispatch

/// Makes the sidecars of segments that were sealed, beside the log: until one is there, the segment's index in memory
/// serves.
final class SidecarWriter: Sendable {
    private let index: LogIndex
    private let files: SidecarFiles
    private let queue = DispatchQueue(label: "strata.sidecars", qos: .utility)

    init(_ index: LogIndex, _ files: SidecarFiles) {
        self.index = index
        self.files = files
    }

    /// Makes the sidecar of a segment, some time; where that fails, the next opening walks the segment.
    func add(_ segment: IndexedSegment) {
        guard files.device.allowsBackgroundWork else { return make(segment) }
        queue.async { self.make(segment) }
    }

    /// Waits until all sidecars are made. Blocks.
    func finish() {
        queue.sync {}
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
