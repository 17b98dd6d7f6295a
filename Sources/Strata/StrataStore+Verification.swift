import EventSourcing
import Logging
import Synchronization

extension StrataStore {
    /// Reads every byte of a store and checks it, without changing any; works beside a running writer and on backups.
    ///
    /// - Parameters:
    ///   - path: the store's directory.
    ///   - bandwidth: how many bytes a second are read at most, over any longer time; nil for no limit.
    ///   - progress: called now and then, from any thread.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``,
    ///   ``StrataError/Code/unsupportedFormat``, ``StrataError/Code/cancelled`` where the task is cancelled, and the
    ///   codes of failed calls. Damage is no error here; the report
    ///   lists it, a damaged manifest excepted.
    /// - Precondition: the bandwidth is positive.
    public static func verify(
        at path: String, bandwidth: Int? = nil, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> VerificationReport {
        precondition(bandwidth.map { $0 > 0 } ?? true, "a bandwidth is positive")
        let pace = Pace(bytesPerSecond: bandwidth)
        let result = await withTaskCancellationHandler { () async -> Result<VerificationReport, StrataError> in
            do throws(StrataError) {
                return .success(
                    try await BlockingReads.run { () throws(StrataError) in
                        let device = try FileSystemDevice.open(storeAt: path, createIfMissing: false)
                        return try verify(on: PacedDevice(device, pace), progress: progress)
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            pace.stop()
        }
        return try result.get()
    }

    /// Verifies a store on any device. May block.
    package static func verify(
        on device: any Device, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) throws(StrataError) -> VerificationReport {
        guard let manifest = try Manifest.read(from: device) else {
            throw StrataError(.notAStore, "the directory is not a store", path: device.path)
        }
        let hasWriter = try ReaderOpening.hasWriter(device)
        let total = try Self.bytes(of: manifest, device)
        var log = LogOpening(
            manifest: manifest, on: device, logger: Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() }),
            onBytesRead: { progress(JobProgress(bytesDone: $0, bytesTotal: total)) })
        try log.readSegments(besideWriter: hasWriter)
        if !log.damage.isEmpty, try Manifest.read(from: device)?.generation != manifest.generation {
            // A rollover in between changed what there is to verify.
            return try verify(on: device, progress: progress)
        }
        let eventBytes = log.bytesRead
        var snapshots = SnapshotScan(storeID: manifest.storeID, on: device)
        try snapshots.run { progress(JobProgress(bytesDone: eventBytes + $0, bytesTotal: total)) }
        return VerificationReport(log, snapshots, hasWriter: hasWriter)
    }

    /// How many bytes there are to read.
    static func bytes(of manifest: Manifest, _ device: any Device) throws(StrataError) -> Int {
        var total = manifest.sealed.reduce(0) { $0 + Int(clamping: $1.bytes) }
        let others =
            try [StoreLayout.eventSegment(manifest.active)]
            + SnapshotScan.segments(on: device).map { StoreLayout.snapshotSegment($0) }
        for name in others where try device.kindOrFail(of: name) == .file {
            do throws(StrataError) {
                total += try StoreFile(name, .read, on: device).length()
            } catch  where error.code == .notFound {
                // A compaction has just removed it.
            }
        }
        return total
    }
}

extension VerificationReport {
    fileprivate init(_ log: LogOpening, _ snapshots: SnapshotScan, hasWriter: Bool) {
        let active = log.active
        // Beside a writer, what stands behind the last commit is an append on its way.
        let tornTail: TornTail? =
            if case .torn(let bytes) = active.tail, !hasWriter {
                TornTail(file: active.name, offset: active.end, length: bytes)
            } else {
                nil
            }
        let summaries = log.index.summaries
        self.init(
            segments: summaries.count, commits: summaries.reduce(0) { $0 + $1.commitCount },
            events: summaries.reduce(0) { $0 + $1.eventCount }, streams: log.streamCount ?? 0,
            lastPosition: log.index.lastPosition == 0 ? nil : Position(log.index.lastPosition),
            snapshots: snapshots.snapshots,
            bytes: log.bytesRead + snapshots.bytes, damage: log.damage, damagedSnapshots: snapshots.damage,
            tornTail: tornTail)
    }
}
