extension FrameHeader {
    /// The header of a frame that compaction keeps, as it will stand in a segment of a generation: what only concerned
    /// the writer of the log is gone.
    package func compacted(generation: UInt64) -> FrameHeader {
        var header = self
        header.flags &= ~Self.acknowledgedUnsynced
        header.epoch = generation
        header.durableMark = Format.segmentHeaderBytes
        return header
    }

    /// Whether the frame can stand in a compacted segment of a generation.
    func isCompacted(generation: UInt64) -> Bool {
        switch kind {
        case .open, .mark, .footer, .snapshot, .snapshotDeletion: false
        case .commit, .truncation, .tombstone: self == compacted(generation: generation)
        }
    }
}
