/// What recovery does for a store, or would do.
public struct RecoveryReport: Hashable, Sendable {
    /// One thing that recovery does. None of them gives up an event that was acknowledged.
    public enum Step: Hashable, Sendable {
        /// The manifest is made again from what the segments say of themselves.
        case rebuildManifest(segments: Int)
        /// Bytes behind the last commit, of appends never acknowledged as durable, move to quarantine, up to the last one that
        /// is not zero.
        case quarantineTornTail(file: String, offset: Int, bytes: Int)
        /// Snapshots that count all the same are copied out of segments that move to quarantine.
        case keepSnapshots(count: Int)
        /// A segment of snapshots that is damaged, or stands before one that is, moves to quarantine: a deletion may be among
        /// what is damaged. A snapshot that is lost costs a replay or, where its stream was truncated, the aggregate's state.
        case quarantineSnapshots(file: String)
        /// A segment that was sealed when a crash came is entered into the manifest.
        case completeRollover(file: String)
        /// A file that counts for nothing goes: what a crash, a compaction or an unfinished backup has left.
        case removeLeftover(file: String)
        /// The manifest is written in the newest format version, which older programs cannot read.
        case upgradeFormat(from: Int, to: Int)
        /// The directory is a backup, and a store from then on: the next backup needs another directory.
        case endBackup
    }

    /// In the order in which they are done. What every opening for writing does besides is not among them: it writes the same
    /// manifest anew, makes sidecars and directories that are missing, and cuts zeros off behind the log's end.
    public let steps: [Step]
    /// Damage that recovery cannot undo: only a salvage into a new store goes on from there. Where there is any,
    /// recovery changes nothing.
    public let unrecoverable: [Damage]
    /// Whether the steps were done, or only found.
    public let isPerformed: Bool
}

extension RecoveryReport.Step: CustomStringConvertible {
    public var description: String {
        switch self {
        case .rebuildManifest(let segments): "rebuild the manifest from \(segments) segments"
        case .quarantineTornTail(let file, let offset, let bytes):
            "move a torn tail of \(bytes) bytes at \(offset) of \(file) to quarantine"
        case .keepSnapshots(let count): "copy \(count) snapshots that verify out of what moves to quarantine"
        case .quarantineSnapshots(let file): "move \(file) to quarantine"
        case .completeRollover(let file): "enter the sealed segment \(file) into the manifest"
        case .removeLeftover(let file): "remove the leftover \(file)"
        case .upgradeFormat(let old, let new): "bring the manifest from format version \(old) to \(new)"
        case .endBackup: "make a store of the backup, so that the next backup needs another directory"
        }
    }
}
