import EventSourcing
import FoundationEssentials

extension SnapshotLog {
    /// How many snapshots are copied without letting others save one in between.
    private static let batch = 64

    /// Rewrites the snapshots that count into new segments, and removes the old ones with all that does not count any
    /// longer: superseded and deleted snapshots, and those whose streams have released what they were made of.
    ///
    /// The old segments go from the first to the last, so that a deletion stands behind what it deletes as long as that is
    /// there; a crash in between leaves snapshots twice, and the last one of them counts.
    ///
    /// Before, every event that was appended is made durable, and the log says so: a snapshot that superseded another one may
    /// be of events that a loss of power takes back, or that a backup does not see yet; where the older events are released,
    /// the other one would then be the only one that fits.
    func compact(
        _ options: CompactionOptions, _ control: CompactionControl, _ log: SegmentLog, _ events: LogIndex,
        _ report: inout CompactionReport
    ) async throws(StrataError) {
        let numbers = try SnapshotScan.segments(on: device)
        let bytesBefore = try bytes(of: numbers)
        report.snapshotBytesBefore = bytesBefore
        report.snapshotBytesAfter = bytesBefore
        let plan = SnapshotCompactionPlan(index, events, bytes: bytesBefore, segments: numbers.count, options)
        guard !isDamaged, plan.isWorthIt else { return }
        let first = try beginNewSegment()
        for orphan in plan.orphans { index[orphan] = nil }
        report.orphanedSnapshots = plan.orphans.count
        var rest = index.all.filter { $0.value.segment < first }.map(\.key)[...]
        while !rest.isEmpty {
            try control.check()
            for stream in rest.prefix(Self.batch) { try copy(stream, below: first, control) }
            rest = rest.dropFirst(Self.batch)
            await Task.yield()
        }
        try mark()
        try await log.markBeforeCompaction()
        for number in numbers where number < first {
            try device.removeIfPresent(StoreLayout.snapshotSegment(number))
            // A later one must never be gone while an earlier one is still there.
            try device.syncDirectoryOrFail(StoreLayout.snapshots)
        }
        report.snapshotBytesAfter = try bytes(of: SnapshotScan.segments(on: device))
    }

    private func bytes(of numbers: [UInt64]) throws(StrataError) -> Int {
        var bytes = 0
        for number in numbers {
            bytes += try StoreFile(StoreLayout.snapshotSegment(number), .read, on: device).length()
        }
        return bytes
    }

    /// Copies a stream's snapshot into the segment that is appended to, if it still stands in an older one.
    private func copy(
        _ stream: StreamID, below first: UInt64, _ control: CompactionControl
    ) throws(StrataError) {
        guard let entry = index[stream], entry.segment < first else { return }
        try control.didRead(entry.frameLength)
        try control.willWrite(entry.frameLength)
        // One that does not verify counts as absent already: whoever asks for it gets none.
        if try !store(entry, of: stream) { index[stream] = nil }
    }
}

extension SnapshotIndex.Entry {
    func moved(to segment: UInt64, _ offset: Int) -> SnapshotIndex.Entry {
        SnapshotIndex.Entry(
            segment: segment, offset: offset, frameLength: frameLength, version: version,
            schemaVersion: schemaVersion, createdAt: createdAt, contentType: contentType, stateLength: stateLength)
    }
}
