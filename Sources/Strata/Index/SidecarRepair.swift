import Logging
import Synchronization

/// Makes the index of a segment anew whose sidecar turned out not to be what was written, while the store is open.
final class SidecarRepair: Sendable {
    private let index: LogIndex
    private let sidecars: SidecarFiles
    /// Held by whoever makes one.
    private let turn = Mutex(())

    init(_ index: LogIndex, _ sidecars: SidecarFiles) {
        self.index = index
        self.sidecars = sidecars
    }

    /// Puts another index in the place of a segment's. Walks the whole segment: may block for long.
    ///
    /// A segment that is damaged itself counts as such from then on, and nothing more is appended to the store.
    ///
    /// - Throws: ``StrataError/Code/notFound`` where a compaction has taken the segment away.
    func run(_ segment: IndexedSegment) throws(StrataError) {
        try turn.withLock { _ throws(StrataError) in
            let entry = segment.entry
            let name = entry.identity.sidecarName
            guard let held = index.sealedSegment(entry.identity) else {
                throw StrataError(.notFound, "the segment was compacted", path: sidecars.device.path(of: name))
            }
            // Somebody else was first.
            guard held === segment else { return }
            sidecars.logger.warning(
                "a sidecar is damaged and is made anew; no event is affected", metadata: ["file": "\(name)"])
            let identity = try? sidecars.identity(of: entry)
            var indexing = try SegmentIndexing(
                entry.identity, storeID: sidecars.storeID, isSealed: true, on: sidecars.device)
            let isSound = indexing.scan.damage.isEmpty && indexing.gaps.isEmpty && entry.matches(indexing.scan)
            // A compaction has taken it away before it was read; whoever asked finds another one.
            if !isSound, index.sealedSegment(entry.identity) !== segment { return }
            if !isSound {
                index.noteIncomplete()
                indexing.addDamaged(index)
            }
            let sidecar = isSound ? identity.flatMap { sidecars.make(of: indexing.index, entry, $0) } : nil
            if sidecar == nil { indexing.makeSearchable() } else { sidecars.finish(entry.identity) }
            let made = indexing.index
            let isHeld = index.replace(segment) { types in
                if let sidecar { return IndexedSegment(entry, sidecar, types: types) }
                return IndexedSegment(entry, made, isDamaged: !isSound, types: types)
            }
            // A compaction has taken the segment away meanwhile, and with it the sidecar that was there.
            if !isHeld, index.sealedSegment(entry.identity) == nil { sidecars.remove(entry.identity) }
        }
    }
}
