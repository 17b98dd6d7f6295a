public import Logging

/// How a store is opened.
public struct StrataOptions: Sendable {
    /// Who may change the store.
    public enum Access: Hashable, Sendable {
        /// Read and append. One process at a time; where there is no store, one is made if
        /// ``StrataOptions/createIfMissing`` says so.
        case readWrite
        /// Read only: changes no byte, and works beside a running writer. Shows what was there at the opening, or, once a
        /// compaction has taken segments away that are read, what was there then; beside a writer, as far as the log said
        /// by then that it was durable, or acknowledged without that.
        case readOnly
    }

    /// When an append returns, and what it promises then.
    public enum DurabilityMode: Hashable, Sendable {
        /// After its bytes are on the device (`fdatasync`). Appends that wait together share one sync. An
        /// acknowledged event survives a loss of power.
        case commit
        /// After the operating system has its bytes, which survive the process but not a loss of power; they are
        /// synced within the given time. A loss of power costs at most the appends of that time.
        case interval(Duration)
        /// After the operating system has its bytes; it decides when they reach the device.
        case none
    }

    /// Who may read the files of a store; the process's umask takes away from it. Only the owner may ever write.
    public enum Permissions: Hashable, Sendable {
        /// The owner alone: files 0600 in directories 0700.
        case owner
        /// The owner's group, too, for backups and read-only services under another account: 0640 and 0750. Whoever opens
        /// the store with other permissions, as the tool does, makes new files with those.
        case group
    }

    public var access: Access
    /// Whether opening for reading and writing makes a store where there is none.
    public var createIfMissing: Bool
    public var durability: DurabilityMode
    /// A segment is sealed before an append would make it longer than this, in bytes: 64 KiB to 2 GiB.
    public var segmentBytes: Int
    /// How far ahead of its end the file that is appended to is extended, in bytes: 0 to 1 GiB, and never beyond
    /// ``segmentBytes``. Where what is synced at once takes a quarter of that at most, the room is filled with zeros, so that
    /// a sync has neither a length nor new blocks to make durable; that writes most bytes of the log twice. Closing gives the rest back.
    /// 0 turns it off, for file systems that never overwrite in place. Without effect where the file system has no room or no
    /// such call, and with other modes than ``DurabilityMode/commit``.
    public var preallocatedBytes: Int
    /// How long no append must come before the writer marks the end of the log as complete. nil turns it off, and
    /// closing alone does it. Without effect with ``DurabilityMode/none``.
    public var idleMarkDelay: Duration?
    /// Who may read the files that are made from now on.
    public var permissions: Permissions
    /// Told how far opening is that has to read segments whose index is missing; called from any thread.
    public var openingProgress: (@Sendable (JobProgress) -> Void)?
    /// What is compacted by itself whenever a segment is sealed, such as ``CompactionOptions/automatic``; nil for nothing.
    /// What fails is logged, and tried again with the next segment.
    public var automaticCompaction: CompactionOptions?
    /// Told of recovery and of trouble; silent by default.
    public var logger: Logger

    public init(
        access: Access = .readWrite, createIfMissing: Bool = true, durability: DurabilityMode = .commit,
        segmentBytes: Int = 64 << 20, preallocatedBytes: Int = 256 << 10,
        idleMarkDelay: Duration? = .milliseconds(50), permissions: Permissions = .owner,
        openingProgress: (@Sendable (JobProgress) -> Void)? = nil,
        automaticCompaction: CompactionOptions? = nil,
        logger: Logger = Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.access = access
        self.createIfMissing = createIfMissing
        self.durability = durability
        self.segmentBytes = segmentBytes
        self.preallocatedBytes = preallocatedBytes
        self.idleMarkDelay = idleMarkDelay
        self.permissions = permissions
        self.openingProgress = openingProgress
        self.automaticCompaction = automaticCompaction
        self.logger = logger
    }
}
