/// A sealed segment that was walked, with the bytes of its sidecar if it can have one.
struct SealedSegmentWalk: Sendable {
    let entry: Manifest.SealedSegment
    var indexing: SegmentIndexing
    let damage: [Damage]
    let sidecar: SidecarFiles.Encoded?

    /// Walks the segment. May block.
    ///
    /// - Parameters:
    ///   - sidecars: nil where none is to be made.
    ///   - progress: told the offset after each frame.
    init(
        _ entry: Manifest.SealedSegment, storeID: UInt128, on device: any Device, _ sidecars: SidecarFiles?,
        progress: (Int) -> Void
    ) throws(StrataError) {
        self.entry = entry
        // Before the walk: a change meanwhile must show.
        let identity = try? sidecars?.identity(of: entry)
        indexing = try SegmentIndexing(entry.identity, storeID: storeID, isSealed: true, on: device, progress: progress)
        var damage = indexing.scan.damage
        if damage.isEmpty, !entry.matches(indexing.scan) {
            damage.append(
                Damage(file: indexing.scan.name, offset: 0, reason: "this is not the segment that the manifest lists"))
        }
        self.damage = damage
        guard let sidecars, let identity, damage.isEmpty else {
            sidecar = nil
            return
        }
        sidecar = sidecars.encode(indexing.index, entry, identity)
    }
}
