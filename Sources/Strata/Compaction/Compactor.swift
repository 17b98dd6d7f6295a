import EventSourcing
import Logging
import Synchronization

/// The job that rewrites segments, beside readers and the writer. One at a time; runs on a thread of its own, because that
/// blocks.
actor Compactor {
    /// An active segment of so many bytes is sealed, so that it can be compressed.
    static let compressedSegmentBytes = 1 << 20

    nonisolated private let executor = BlockingExecutor(on: BackgroundThread())
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let device: any Device
    private let storeID: UInt128
    private let log: SegmentLog
    private let snapshots: SnapshotLog
    private let reader: LogReader
    private let sidecars: SidecarFiles
    let logger: Logger
    private struct Turn {
        /// That of the job under way.
        var control: CompactionControl?
        var isClosed = false
    }

    /// Whoever closes must not have to wait for the job's thread to end the job.
    nonisolated private let turn = Mutex(Turn())
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(
        log: SegmentLog, snapshots: SnapshotLog, reader: LogReader, sidecars: SidecarFiles, logger: Logger
    ) {
        device = sidecars.device
        storeID = sidecars.storeID
        self.sidecars = sidecars
        self.log = log
        self.snapshots = snapshots
        self.reader = reader
        self.logger = logger
    }

    /// Does what the options ask for.
    func run(_ options: CompactionOptions, _ control: CompactionControl) async throws(StrataError) -> CompactionReport {
        try options.check()
        await waitForTurn()
        let isClosed = turn.withLock { turn in
            if !turn.isClosed { turn.control = control }
            return turn.isClosed
        }
        guard !isClosed else { throw StrataError(.closed, "the store is closed", path: device.path) }
        defer {
            turn.withLock { $0.control = nil }
            for waiter in waiters { waiter.resume() }
            waiters = []
        }
        var report = CompactionReport()
        do throws(StrataError) {
            // While it waited.
            try control.check()
            try await rewriteSegments(options, control, &report)
            try await snapshots.compact(options, control, log, reader.index, &report)
            try control.check()
            try cleanQuarantine(options, &report)
        } catch {
            guard error.code == .cancelled else { throw error }
            report.isCancelled = true
        }
        return report
    }

    /// Ends the job under way, waits for that, and takes no more.
    nonisolated func close() async {
        let control = turn.withLock { turn in
            turn.isClosed = true
            return turn.control
        }
        control?.cancel()
        await waitForTurn()
    }

    private func waitForTurn() async {
        while turn.withLock({ $0.control != nil }) { await withCheckedContinuation { waiters.append($0) } }
    }

    private func rewriteSegments(
        _ options: CompactionOptions, _ control: CompactionControl, _ report: inout CompactionReport
    ) async throws(StrataError) {
        let live = reader.index.liveVersions
        report.segmentsBefore = reader.index.sealedSegments.count + 1
        // An event must not be gone before it is certain that its release is not, and that others know.
        if !live.isEmpty { try await log.markBeforeCompaction() }
        try await sealActiveSegment(live, options)
        let plan = try CompactionPlan(reader, live, options)
        report.segmentsAfter = reader.index.sealedSegments.count + 1
        control.begin(bytesTotal: plan.bytes(options))
        for group in plan.groups {
            try control.check()
            try await rewrite(group, live, options, control, &report)
        }
    }

    /// Seals the active segment if it holds released events, or is worth compressing: only sealed segments can be
    /// rewritten.
    private func sealActiveSegment(_ live: LiveVersions, _ options: CompactionOptions) async throws(StrataError) {
        let active = reader.index.activeSegment
        if options.compression == .none || active.end < Self.compressedSegmentBytes {
            guard !live.isEmpty else { return }
            let content = try SegmentContent(active.identity, storeID: storeID, on: device)
            guard try SegmentSurvey(frames: content, before: active.end, live).releasedEvents > 0 else { return }
        }
        do throws(LogFailure) { try await log.seal(active.identity) } catch { throw error.error }
    }

    private func rewrite(
        _ group: CompactionPlan.Group, _ live: LiveVersions, _ options: CompactionOptions,
        _ control: CompactionControl, _ report: inout CompactionReport
    ) async throws(StrataError) {
        let generation: UInt64
        do throws(LogFailure) { generation = try await log.nextGeneration() } catch { throw error.error }
        let rewrite = SegmentRewrite(
            directory: log.directory, sidecars: sidecars, live: live, compression: options.compression,
            didRead: { count throws(StrataError) in try control.didRead(count) },
            willWrite: { count throws(StrataError) in try control.willWrite(count) })
        let output: Manifest.SealedSegment
        let index: CompactedIndex
        do {
            (output, index) = try rewrite.run(group.inputs, generation: generation)
        } catch {
            throw error.code == .storageFull ? noRoom(for: group, error) : error
        }
        do throws(LogFailure) {
            try await log.replace(group.inputs, with: output, index)
        } catch {
            // After a failure that is final, the manifest that is there may list it.
            if case .undone = error {
                try? device.removeIfPresent(output.identity.name)
                sidecars.remove(output.identity)
            }
            throw error.error.code == .storageFull ? noRoom(for: group, error.error) : error.error
        }
        remove(group.inputs, &report)
        report.segmentsAfter -= group.inputs.count - 1
        report.rewrites.append(CompactionReport.Rewrite(group, bytesAfter: Int(clamping: output.bytes)))
    }

    private func noRoom(for group: CompactionPlan.Group, _ cause: StrataError) -> StrataError {
        let bytes = group.liveBytes + group.liveBytes / 32 + (64 << 10)
        return StrataError(
            .storageFull,
            "there is no room for the compaction, which takes up to \(bytes) bytes beside the segments that are there; "
                + "nothing was changed by the step that failed: \(cause.message)",
            path: cause.path ?? device.path, systemErrorNumber: cause.systemErrorNumber)
    }

    /// Removes segments that have been replaced; whoever reads one goes on with it.
    private func remove(_ inputs: [Manifest.SealedSegment], _ report: inout CompactionReport) {
        let failures = log.directory.failures
        var leftovers: [String] = []
        for input in inputs {
            sidecars.remove(input.identity)
            do throws(StrataError) {
                try device.removeIfPresent(input.identity.name)
            } catch {
                leftovers.append(input.identity.name)
                logger.warning("a replaced segment could not be removed", metadata: ["error": "\(error)"])
            }
            reader.close(input.identity)
        }
        do throws(StrataError) {
            try log.directory.sync(since: failures)
        } catch {
            leftovers = inputs.map(\.identity.name)
            logger.warning("the removal of segments may not be durable", metadata: ["error": "\(error)"])
        }
        report.leftovers += leftovers
    }

    private func cleanQuarantine(
        _ options: CompactionOptions, _ report: inout CompactionReport
    ) throws(StrataError) {
        let quarantine = Quarantine(device)
        if options.purgesQuarantine {
            report.purged = try quarantine.purge()
        } else {
            report.quarantined = try quarantine.files()
        }
    }
}

extension CompactionReport.Rewrite {
    init(_ group: CompactionPlan.Group, bytesAfter: Int) {
        self.init(
            replaced: group.inputs.map(\.identity.name),
            events: group.segments.reduce(0) { $0 + $1.survey.liveEvents }, releasedEvents: group.releasedEvents,
            bytesBefore: group.inputs.reduce(0) { $0 + Int(clamping: $1.bytes) }, bytesAfter: bytesAfter)
    }
}

extension CompactionPlan {
    /// The bytes that the job reads, roughly: the inputs, twice where they are sampled first, and the output.
    fileprivate func bytes(_ options: CompactionOptions) -> Int {
        groups.reduce(0) { sum, group in
            let inputs = group.inputs.reduce(0) { $0 + Int(clamping: $1.contentLength) }
            return sum + inputs * (options.compression == .lz4 ? 2 : 1) + group.liveBytes
        }
    }
}
