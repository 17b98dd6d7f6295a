import EventSourcing
import FoundationEssentials

/// The file that tells a backup from a store: what the next backup may change, and nobody has written to since.
///
/// In a directory that has it, segments which the manifest does not list are what an unfinished backup has brought.
enum BackupMarker {
    static func isPresent(on device: any Device) throws(StrataError) -> Bool {
        try device.hasContent(StoreLayout.backupMarker)
    }

    /// Whether there is a marker, or what is left of one that was perhaps not removed durably.
    static func exists(on device: any Device) throws(StrataError) -> Bool {
        try device.kindOrFail(of: StoreLayout.backupMarker) != nil
    }

    private static let complete = ", complete at "
    private static let longestText = 256

    /// Whether the last run that has changed a backup came to its end, so that all of what it shows is durable.
    static func isComplete(on device: any Device) throws(StrataError) -> Bool {
        guard try isPresent(on: device) else { return false }
        let file = try StoreFile(StoreLayout.backupMarker, .read, on: device)
        return String(decoding: try file.read(longestText, at: 0), as: UTF8.self).contains(complete)
    }

    /// Says durably that a run has come to its end.
    static func writeComplete(_ storeID: UInt128, on device: any Device) throws(StrataError) {
        try write(complete + "\(device.now())", of: storeID, on: device)
    }

    /// Marks a directory durably, before anything else comes into it or changes in it.
    static func writeIncomplete(_ storeID: UInt128, on device: any Device) throws(StrataError) {
        try write(", not complete", of: storeID, on: device)
    }

    private static func write(_ state: String, of storeID: UInt128, on device: any Device) throws(StrataError) {
        let text = "backup of store \(UUID(bits: storeID).lowercased)\(state)\n"
        try device.writeReplacement(of: StoreLayout.backupMarker, with: Array(text.utf8))
        try device.installReplacement(of: StoreLayout.backupMarker)
    }

    /// Makes a store of a backup, from which segments that the manifest does not list have been removed: from now on no
    /// backup changes it.
    static func remove(from device: any Device) throws(StrataError) {
        try device.removeForGood([StoreLayout.backupMarker])
    }
}
