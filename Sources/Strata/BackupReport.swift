public import EventSourcing
public import FoundationEssentials

/// What a backup holds, and what it took to make it.
public struct BackupReport: Hashable, Sendable {
    /// The store that it is a backup of.
    public let storeID: UUID
    /// Segments of the log.
    public let segments: Int
    /// Events in them, released ones that are still there among them.
    public let events: Int
    /// nil where the store never had an event.
    public let lastPosition: Position?
    /// Bytes that were copied.
    public let copiedBytes: Int
    /// Bytes of files that the backup shares with the store, by hard links made now.
    public let linkedBytes: Int
    /// Bytes that an older backup in the same place had already.
    public let keptBytes: Int
    /// Files of an older backup that the store has no longer, and that went.
    public let removedFiles: Int
    /// What is damaged among the snapshots that were copied, as they are: each costs a replay or, where its stream was
    /// truncated, the aggregate's state.
    public let damagedSnapshots: [Damage]
}

/// How a backup is made.
public struct BackupOptions: Sendable {
    /// Whether sealed segments are hard links where the file system allows it, in place of copies. Links take no room and
    /// no time, and a bad block then damages the store and the backup at once.
    public var usesHardLinks: Bool

    public init(usesHardLinks: Bool = true) {
        self.usesHardLinks = usesHardLinks
    }
}
