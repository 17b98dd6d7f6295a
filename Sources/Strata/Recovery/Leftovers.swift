/// The files of a store that count for nothing: what a crash, a compaction, a removal or an unfinished backup has left.
struct Leftovers {
    /// What was not finished, and sidecars of segments that are not sealed.
    private(set) var unfinished: [String] = []
    /// Segments that the manifest does not list: without events, replaced by a compaction, or brought by a backup that was
    /// cut off.
    private(set) var segments: [String] = []
    /// What is left of snapshots.
    let snapshots: SnapshotScan.Leftovers
    /// The marker of a salvage, without content.
    let salvageMarkers: [String]
    /// Whether the directory is a backup.
    let isBackup: Bool
    /// Whether the marker of a backup is there, with or without content.
    let hasBackupMarker: Bool

    /// Looks for them, without changing anything.
    init(beside manifest: Manifest, on device: any Device) throws(StrataError) {
        for name in try device.listOrFail(StoreLayout.events).sorted() {
            if name.hasSuffix(FileSystemDevice.replacementSuffix) || SidecarFiles.isLeftover(name, manifest) {
                unfinished.append("\(StoreLayout.events)/\(name)")
            } else if let segment = SegmentIdentity(fileName: name), !manifest.lists(segment) {
                segments.append(segment.name)
            }
        }
        snapshots = try SnapshotScan.leftovers(on: device)
        hasBackupMarker = try BackupMarker.exists(on: device)
        isBackup = try BackupMarker.isPresent(on: device)
        salvageMarkers = try SalvageMarker.isEmptied(on: device) ? [StoreLayout.salvageMarker] : []
    }
}
