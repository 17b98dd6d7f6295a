/// Finds out what a compaction would do, without changing anything.
struct CompactionPreview {
    /// How often compactions may come in between.
    private static let attempts = 10

    let reader: LogReader
    let sidecars: SidecarFiles
    let snapshots: SnapshotIndex

    private var device: any Device { sidecars.device }

    /// Looks at everything that the job would, and again where a compaction has taken segments away meanwhile. May block.
    func run(_ options: CompactionOptions) throws(StrataError) -> CompactionReport {
        try options.check()
        for _ in 1..<Self.attempts {
            let segments = segments
            do throws(StrataError) {
                return try look(options)
            } catch {
                try reader.refreshIndex()
                if self.segments == segments { throw error }
            }
        }
        return try look(options)
    }

    /// Which segments there are.
    private var segments: [SegmentIdentity] {
        reader.index.sealedSegments.map(\.entry.identity) + [reader.index.activeSegment.identity]
    }

    private func look(_ options: CompactionOptions) throws(StrataError) -> CompactionReport {
        let live = reader.index.liveVersions
        var report = CompactionReport()
        report.segmentsBefore = reader.index.sealedSegments.count + 1
        report.segmentsAfter = report.segmentsBefore
        let plan = try CompactionPlan(reader, live, options)
        for group in plan.groups {
            let rewrite = SegmentRewrite(
                directory: SegmentDirectory(on: device), sidecars: sidecars, live: live,
                compression: options.compression, didRead: { _ in },
                willWrite: { _ in })
            let bytes = try rewrite.estimatedBytes(group.inputs, liveBytes: group.liveBytes)
            report.segmentsAfter -= group.inputs.count - 1
            report.rewrites.append(CompactionReport.Rewrite(group, bytesAfter: bytes))
        }
        try addActiveSegment(live, options, to: &report)
        try addSnapshots(options, to: &report)
        let quarantined = try Quarantine(device).files()
        if options.purgesQuarantine { report.purged = quarantined } else { report.quarantined = quarantined }
        return report
    }

    /// The job would seal the active segment, if it holds released events or is worth compressing, and rewrite it.
    private func addActiveSegment(
        _ live: LiveVersions, _ options: CompactionOptions, to report: inout CompactionReport
    ) throws(StrataError) {
        let active = reader.index.activeSegment
        let content = try SegmentContent(active.identity, storeID: sidecars.storeID, on: device)
        var sample = CompressionSample()
        let survey = try SegmentSurvey(frames: content, before: active.end, live) { kept, body in
            sample.add(kept, body: body, binding: content.binding)
        }
        let isCompressed = options.compression == .lz4 && active.end >= Compactor.compressedSegmentBytes
        guard survey.releasedEvents > 0 || isCompressed else { return }
        report.segmentsAfter += 1
        report.rewrites.append(
            CompactionReport.Rewrite(
                replaced: [active.identity.name], events: survey.liveEvents, releasedEvents: survey.releasedEvents,
                bytesBefore: active.end,
                bytesAfter: isCompressed ? sample.estimate(of: survey.liveBytes) : survey.liveBytes))
    }

    private func addSnapshots(_ options: CompactionOptions, to report: inout CompactionReport) throws(StrataError) {
        let numbers = try SnapshotScan.segments(on: device)
        var lengths: [Int] = []
        for number in numbers {
            do throws(StrataError) {
                let file = try StoreFile(StoreLayout.snapshotSegment(number), .read, on: device)
                lengths.append(try file.length())
            } catch  where error.code == .notFound {
                // A compaction has just removed it.
            }
        }
        report.snapshotBytesBefore = lengths.saturatingSum
        let plan = SnapshotCompactionPlan(
            snapshots, reader.index, bytes: report.snapshotBytesBefore, segments: numbers.count, options)
        report.snapshotBytesAfter = plan.isWorthIt ? plan.liveBytes : report.snapshotBytesBefore
        report.orphanedSnapshots = plan.isWorthIt ? plan.orphans.count : 0
    }
}
