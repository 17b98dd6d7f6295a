import EventSourcing

/// Which snapshots count, and whether it is worth it to rewrite them without the others.
struct SnapshotCompactionPlan {
    /// Streams whose snapshots are of events that are released.
    let orphans: [StreamID]
    /// Of the snapshots that count.
    let liveBytes: Int
    let isWorthIt: Bool

    /// - Parameters:
    ///   - bytes: of all segments of snapshots.
    ///   - segments: how many there are.
    init(_ snapshots: SnapshotIndex, _ log: LogIndex, bytes: Int, segments: Int, _ options: CompactionOptions) {
        let all = snapshots.all
        orphans = all.filter { stream, entry in entry.version < log.firstLiveVersion(of: stream) }.map(\.key)
        let orphaned = orphans.reduce(0) { $0 + (all[$1]?.frameLength ?? 0) }
        liveBytes = all.values.reduce(0) { $0 + $1.frameLength } - orphaned
        // Each segment has a header, and a mark at its end.
        let overhead = segments * (Format.segmentHeaderBytes + Format.frameHeaderBytes)
        let dead = bytes - liveBytes - overhead
        isWorthIt = dead > 0 && Double(dead) >= Double(bytes) * options.minReleasedShare
    }
}
