/// What a compaction does, and how fast.
public struct CompactionOptions: Hashable, Sendable {
    /// How sealed segments are stored.
    public enum Compression: String, Hashable, Sendable, CaseIterable {
        /// As LZ4 blocks that are read one by one. Segments that were not rewritten yet are.
        case lz4
        /// As they are. Only segments with released events, and small ones, are rewritten.
        case none
    }

    public var compression: Compression
    /// Neighbouring segments are merged up to this size, in bytes before compression: 64 KiB to 2 GiB.
    public var targetSegmentBytes: Int
    /// How many bytes a second the job reads and writes at most; nil for as fast as it can.
    public var maxBytesPerSecond: Int?
    /// A segment is rewritten for its released events only if they take at least this share of its bytes, 0 to 1. With
    /// 0 every segment is that holds a released event, which erasure demands.
    public var minReleasedShare: Double
    /// So many small neighbours at least are merged.
    public var minMergedSegments: Int
    /// Whether the files in quarantine are deleted, too: recovery's copies may hold released events.
    public var purgesQuarantine: Bool

    /// Everything that can be done, at full speed.
    public init(
        compression: Compression = .lz4, targetSegmentBytes: Int = 256 << 20, maxBytesPerSecond: Int? = nil,
        minReleasedShare: Double = 0, minMergedSegments: Int = 2, purgesQuarantine: Bool = false
    ) {
        self.compression = compression
        self.targetSegmentBytes = targetSegmentBytes
        self.maxBytesPerSecond = maxBytesPerSecond
        self.minReleasedShare = minReleasedShare
        self.minMergedSegments = minMergedSegments
        self.purgesQuarantine = purgesQuarantine
    }

    /// What the automatic mode does: only what brings back enough for what it costs.
    ///
    /// Every byte that is appended is written once more, compressed; a segment is rewritten when a half of it is
    /// released, and merged with others eight at a time.
    public static let automatic = CompactionOptions(minReleasedShare: 0.5, minMergedSegments: 8)

    /// - Throws: ``StrataError/Code/invalidArgument`` for a value out of range.
    func check() throws(StrataError) {
        guard (64 << 10...2 << 30).contains(targetSegmentBytes) else {
            throw StrataError(.invalidArgument, "a segment has 64 KiB to 2 GiB, not \(targetSegmentBytes) bytes")
        }
        guard maxBytesPerSecond ?? 1 > 0 else {
            throw StrataError(.invalidArgument, "the job has to be allowed at least one byte a second")
        }
        guard (0...1).contains(minReleasedShare), minMergedSegments >= 2 else {
            throw StrataError(
                .invalidArgument, "the released share is 0 to 1, and at least two segments can be merged")
        }
    }
}
