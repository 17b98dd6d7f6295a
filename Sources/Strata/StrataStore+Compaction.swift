extension StrataStore {
    /// What ``compact(_:)`` would do: what would go, and about how many bytes would come back. Changes nothing, and works
    /// on a store that was opened for reading only, too.
    ///
    /// Reads every segment that would be rewritten and, where events are released, all of them.
    public func compactionPreview(
        _ options: CompactionOptions = CompactionOptions()
    ) async throws(StrataError) -> CompactionReport {
        try checkOpen()
        let preview = CompactionPreview(reader: reader, sidecars: sidecars, snapshots: snapshotIndex)
        return try await BlockingReads.run { () throws(StrataError) in try preview.run(options) }
    }

    /// Begins to compact the store: drops released events, merges small segments, compresses, and drops snapshots that
    /// nobody needs any longer.
    ///
    /// Readers and the writer go on meanwhile. What remains keeps its versions, positions and event ids. Every rewritten
    /// segment is durable and has been read back before it takes the place of the old ones, at once and for good, so that
    /// a crash at any point leaves either the old or the new ones. One compaction runs at a time; another one waits.
    ///
    /// The job takes room for one rewritten segment at a time beside the store, reads every segment that it rewrites two
    /// to three times, and writes it once.
    public func compact(_ options: CompactionOptions = CompactionOptions()) -> Compaction {
        let compactor = compactor
        let path = device.path
        return Compaction(options) { control in
            do throws(StrataError) {
                guard let compactor else {
                    throw StrataError(.readOnly, "the store was opened for reading only", path: path)
                }
                return .success(try await compactor.run(options, control))
            } catch {
                return .failure(error)
            }
        }
    }
}
