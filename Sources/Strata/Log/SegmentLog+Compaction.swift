import EventSourcing

extension SegmentLog {
    /// Makes durable what was written, whatever the durability mode promises, and says so in the log: readers beside this
    /// writer and backups take in a frame only once one behind it says that it is durable. Without a release they would miss
    /// the events that are about to go, and without an event the snapshots that are.
    func markBeforeCompaction() throws(StrataError) {
        do throws(LogFailure) {
            try checkWritable()
            try mark()
        } catch {
            throw error.error
        }
    }

    /// The generation of the next compacted segment.
    ///
    /// None is written once the log has stopped: a manifest of which nobody knows whether it was installed may list a
    /// segment of that very generation.
    func nextGeneration() throws(LogFailure) -> UInt64 {
        try checkWritable()
        return try successor().generation
    }

    /// Seals a segment, if it is still the one that is appended to, and begins the next.
    func seal(_ active: SegmentIdentity) throws(LogFailure) {
        try checkWritable()
        guard segment.header.number == active.number, segment.commitCount > 0 else { return }
        guard
            manifest.sealed.count + 1 < Format.mostSegments, segment.lastPosition + 1 < Format.numberLimit
        else { return }
        try rollOver(to: UInt64(segment.lastPosition) + 1)
    }

    /// Puts a compacted segment in the place of neighbouring ones, by one replacement of the manifest, and shows it to
    /// readers. Both the old files and the new one are there until the caller removes them.
    func replace(
        _ inputs: [Manifest.SealedSegment], with output: Manifest.SealedSegment, _ outputIndex: CompactedIndex
    ) throws(LogFailure) {
        try checkWritable()
        guard
            let first = manifest.sealed.firstIndex(of: inputs[0]), manifest.sealed[first...].starts(with: inputs)
        else {
            throw .undone(StrataError(.ioFailure, "the log has changed under the compaction", path: device.path))
        }
        var replacement = try successor()
        replacement.sealed.replaceSubrange(first..<first + inputs.count, with: [output])
        try install(replacement)
        manifest = replacement
        index.replace(inputs, with: output, outputIndex)
        sidecars.groupFilters()
    }

    private func checkWritable() throws(LogFailure) {
        if let failure { throw failure }
        guard !isClosed else { throw .undone(StrataError(.closed, "the store is closed", path: device.path)) }
    }
}
