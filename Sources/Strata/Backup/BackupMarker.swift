import EventSourcing
import FoundationEssentials

/// The file that tells a backup from a store: what the next backup may change, and nobody has written to since.
///
/// In a directory that has it, segments which the manifest does not list are what an unfinished backup has brought.
enum BackupMarker {
    static func isPresent(on device: any Device) throws(StrataError) -> Bool {
        try device.kindOrFail(of: StoreLayout.backupMarker) != nil
    }

    /// Marks a directory durably, before anything else comes into it.
    static func write(_ state: String, of storeID: UInt128, on device: any Device) throws(StrataError) {
        let text = "backup of store \(UUID(bits: storeID).lowercased), \(state)\n"
        try device.writeReplacement(of: StoreLayout.backupMarker, with: Array(text.utf8))
        try device.installReplacement(of: StoreLayout.backupMarker)
    }

    /// Makes a store of a backup, from which segments that the manifest does not list have been removed: from now on no
    /// backup changes it.
    static func remove(from device: any Device) throws(StrataError) {
        guard try isPresent(on: device) else { return }
        for directory in [StoreLayout.events, StoreLayout.snapshots] {
            for name in try device.listOrFail(directory) where name.hasSuffix(StoreLayout.stagedSuffix) {
                try device.removeIfPresent("\(directory)/\(name)")
            }
            try device.syncDirectoryOrFail(directory)
        }
        try device.removeIfPresent(StoreLayout.backupMarker)
        try device.syncDirectoryOrFail(".")
    }
}
