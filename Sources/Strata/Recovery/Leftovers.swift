/// The files of a store that count for nothing: what a crash, a compaction, a removal or an unfinished backup has left.
struct Leftovers {
    /// What was not finished, and sidecars of segments that are not sealed.
    private(set) var unfinished: [String] = []
    /// Segments without events of their own, which the manifest does not list.
    private(set) var segments: [String] = []
    /// What is left of snapshots.
    let snapshots: SnapshotScan.Leftovers
    /// Markers without content.
    private(set) var markers: [String] = []
    /// Whether the marker of a backup is there, with or without content.
    let hasBackupMarker: Bool
    /// Whether the directory is a backup.
    var isBackup: Bool { hasBackupMarker && !markers.contains(StoreLayout.backupMarker) }

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
        for name in [StoreLayout.salvageMarker, StoreLayout.backupMarker] {
            if try device.kindOrFail(of: name) == .file, try !device.hasContent(name) { markers.append(name) }
        }
    }
}
