import EventSourcing
import Logging
import Synchronization

extension StrataStore {
    /// How often a store is read anew because its writer has come, or its damage has gone, meanwhile.
    private static let verificationAttempts = 10

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
        let progress = RisingProgress(progress)
        var hasWriter = false
        for attempt in 1...verificationAttempts {
            guard let manifest = try Manifest.read(from: TolerantDevice(device)) else {
                throw StrataError(.notAStore, "the directory is not a store", path: device.path)
            }
            if !hasWriter { hasWriter = try ReaderOpening.hasWriter(device) }
            let total = try Self.bytes(of: manifest, device)
            var log = LogOpening(
                manifest: manifest, on: TolerantDevice(device),
                logger: Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() }),
                onBytesRead: { progress.show($0, of: total) })
            try log.readSegments(besideWriter: hasWriter)
            // What a writer has written that came meanwhile need not be durable yet.
            if !hasWriter, try ReaderOpening.hasWriter(device) {
                hasWriter = true
                continue
            }
            var damage = log.damage
            if !damage.isEmpty, let newer = try Manifest.read(from: device), newer.generation != manifest.generation {
                // Compaction has replaced what seemed damaged, and it may be only because it has gone.
                damage = log.damage(under: newer)
                if damage.isEmpty || damage.count < log.damage.count && attempt < verificationAttempts { continue }
            }
            let eventBytes = log.bytesRead
            var snapshots = SnapshotScan(storeID: manifest.storeID, on: TolerantDevice(device))
            try snapshots.run { progress.show(eventBytes + $0, of: total) }
            return VerificationReport(log, damage, snapshots, hasWriter: hasWriter)
        }
        throw StrataError(.ioFailure, "the store changes faster than it can be read", path: device.path)
    }

    /// How many bytes there are to read.
    static func bytes(of manifest: Manifest, _ device: any Device) throws(StrataError) -> Int {
        var total = manifest.sealed.reduce(0) { $0 + Int(clamping: $1.bytes) }
        let others =
            try [StoreLayout.eventSegment(manifest.active)]
            + SnapshotScan.segments(on: device).map { StoreLayout.snapshotSegment($0) }
        for name in others where try device.kindOrFail(of: name) == .file {
            do {
                total += min(try StoreFile(name, .read, on: device).length(), Format.longestSegment)
            } catch  where error.code == .notFound {
                // A compaction has removed it meanwhile.
            }
        }
        return total
    }
}

/// Tells how far a job is that may begin anew, and never that it has gone back.
private final class RisingProgress: Sendable {
    private let shown = Mutex((done: 0, total: 0))
    private let progress: @Sendable (JobProgress) -> Void

    init(_ progress: @escaping @Sendable (JobProgress) -> Void) {
        self.progress = progress
    }

    func show(_ done: Int, of total: Int) {
        shown.withLock { shown in
            shown.done = max(shown.done, done)
            shown.total = max(shown.total, total, shown.done)
            progress(JobProgress(bytesDone: shown.done, bytesTotal: shown.total))
        }
    }
}

extension VerificationReport {
    fileprivate init(_ log: LogOpening, _ damage: [Damage], _ snapshots: SnapshotScan, hasWriter: Bool) {
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
            bytes: log.bytesRead + snapshots.bytes, damage: damage, damagedSnapshots: snapshots.damage,
            tornTail: tornTail)
    }
}
