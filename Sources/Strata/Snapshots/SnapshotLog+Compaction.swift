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
    ///
    /// Where a snapshot does not verify, the one before it is copied. Where a segment turns out to be damaged, all stay.
    func compact(
        _ options: CompactionOptions, _ control: CompactionControl, _ log: SegmentLog, _ events: LogIndex,
        _ report: inout CompactionReport
    ) async throws(StrataError) {
        let numbers = try SnapshotScan.segments(on: device)
        let bytesBefore = try bytes(of: numbers)
        report.snapshotBytesBefore = bytesBefore
        report.snapshotBytesAfter = bytesBefore
        let plan = SnapshotCompactionPlan(index, events, bytes: bytesBefore, segments: numbers.count, options)
        report.leavesDamagedSnapshots = isDamaged
        // Where events are damaged, an older snapshot may be the latest that fits what is left of them.
        guard !isDamaged, !events.isIncomplete, plan.isWorthIt else { return }
        let first = try beginNewSegment()
        let givenUpBefore = segmentsGivenUp
        let orphans = Set(plan.orphans)
        var rest = index.all.filter { $1.segment < first && !orphans.contains($0) }.map(\.key)[...]
        var unverifiable: [StreamID] = []
        while !rest.isEmpty {
            try control.check()
            unverifiable += try copy(rest.prefix(Self.batch), below: first, control)
            rest = rest.dropFirst(Self.batch)
            await Task.yield()
        }
        try copyOlder(unverifiable, below: first)
        try mark()
        try await log.markBeforeCompaction()
        // Others save and delete in between, and what failed for them may have taken copies with it.
        guard segmentsGivenUp == givenUpBefore else {
            throw StrataError(
                .ioFailure, "copies of snapshots may not be durable; the old ones stay", path: device.path)
        }
        if !isDamaged, !events.isIncomplete {
            // A later one must never be gone while an earlier one is still there, or can come back.
            let old = try SnapshotScan.files(on: device).filter { $0 < first }
            let left = index.all.filter { $1.segment < first }.map(\.key)
            for stream in left { index[stream] = nil }
            do { try device.removeForGood(old.map(StoreLayout.snapshotSegment), inOrder: true) } catch {
                // Some have gone, and others may be there: whoever deletes one has to say so behind it.
                doubtful.formUnion(left)
                throw error
            }
            report.orphanedSnapshots = orphans.count
        }
        let remaining = try SnapshotScan.segments(on: device)
        reader?.closeOthers(than: remaining)
        report.snapshotBytesAfter = try bytes(of: remaining)
        report.leavesDamagedSnapshots = isDamaged
    }

    private func bytes(of numbers: [UInt64]) throws(StrataError) -> Int {
        try numbers.map { number throws(StrataError) in
            try StoreFile(StoreLayout.snapshotSegment(number), .read, on: device).length()
        }.saturatingSum
    }

    /// Copies the snapshots of streams into the segment that is appended to, where they still stand in an older one.
    ///
    /// - Returns: the streams whose snapshots do not verify.
    private func copy(
        _ streams: ArraySlice<StreamID>, below first: UInt64, _ control: CompactionControl
    ) throws(StrataError) -> [StreamID] {
        var unverifiable: [StreamID] = []
        for stream in streams {
            guard let entry = index[stream], entry.segment < first else { continue }
            try control.didRead(entry.frameLength)
            try control.willWrite(entry.frameLength)
            if try !store(entry, of: stream) { unverifiable.append(stream) }
        }
        return unverifiable
    }

    /// Copies the snapshots that stand before some that do not verify any more. Where there is none, the stream has none:
    /// whoever asks for it gets none already.
    private func copyOlder(_ streams: [StreamID], below first: UInt64) throws(StrataError) {
        guard !streams.isEmpty else { return }
        let older = try scanAgain()
        for stream in streams where index[stream]?.segment ?? first < first {
            guard let entry = older[stream] else { continue }
            guard try store(entry, of: stream) else { throw unverifiable(entry) }
        }
    }
}

extension SnapshotIndex.Entry {
    func moved(to segment: UInt64, _ offset: Int) -> SnapshotIndex.Entry {
        SnapshotIndex.Entry(
            segment: segment, offset: offset, frameLength: frameLength, version: version,
            schemaVersion: schemaVersion, createdAt: createdAt, contentType: contentType, stateLength: stateLength)
    }
}
