import EventSourcing
import Glibc
import Logging

/// What can be done for a store without giving up an event that was acknowledged.
struct RecoveryPlan {
    private(set) var steps: [RecoveryReport.Step] = []
    /// Damage that only a salvage can leave behind.
    private(set) var unrecoverable: [Damage] = []
    /// The manifest to be written, if the present one is missing, damaged or older than the segments.
    private(set) var rebuilt: Manifest?
    /// Whether the device could not give the present manifest.
    private var isManifestUnreadable = false
    private var snapshotLeftovers = SnapshotScan.Leftovers()
    /// The snapshot segments to be put aside.
    private var snapshotSegments: [UInt64] = []
    /// The snapshots in them that count.
    private var keptSnapshots: [SnapshotIndex.Entry] = []
    private var lastSnapshotSegment: UInt64 = 0
    private var storeID: UInt128?

    /// Looks at a store without changing it.
    init(for device: any Device) throws(StrataError) {
        var present: Manifest?
        do {
            let tolerant = TolerantDevice(device)
            defer { isManifestUnreadable = !tolerant.damage(of: StoreLayout.manifest).isEmpty }
            present = try Manifest.read(from: tolerant)
            if present == nil { unrecoverable = [Manifest.missing] }
        } catch {
            guard error.code == .damaged else { throw error }
            unrecoverable = error.damage
        }
        var log: LogOpening?
        if let present { log = try Self.read(present, device) }
        if let damage = log?.damage { unrecoverable = damage }
        if !unrecoverable.isEmpty, let manifest = try ManifestRebuilding(TolerantDevice(device)).manifest() {
            let reread = try Self.read(manifest, device)
            // A manifest that verifies tells of segments that are missing at the end.
            if reread.damage.isEmpty, manifest.active >= present?.active ?? 0 {
                steps.append(.rebuildManifest(segments: manifest.sealed.count + 1))
                (rebuilt, log, unrecoverable) = (manifest, reread, [])
            }
        }
        guard unrecoverable.isEmpty, let log else { return }
        storeID = log.manifest.storeID
        let leftovers = try Leftovers(beside: log.manifest, on: device)
        snapshotLeftovers = leftovers.snapshots
        steps += (snapshotLeftovers.removed + snapshotLeftovers.unfinished).map { .removeLeftover(file: $0) }
        try planSnapshots(of: log.manifest, device)
        try planOpening(log, leftovers, device)
    }

    private static func read(_ manifest: Manifest, _ device: any Device) throws(StrataError) -> LogOpening {
        var log = LogOpening(
            manifest: manifest, on: TolerantDevice(device),
            logger: Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() }))
        try log.readSegments()
        return log
    }

    /// Plans what opening for writing does.
    private mutating func planOpening(
        _ log: LogOpening, _ leftovers: Leftovers, _ device: any Device
    ) throws(StrataError) {
        let replacement = StoreLayout.manifest + FileSystemDevice.replacementSuffix
        let manifests = try device.kindOrFail(of: replacement) == nil ? [] : [replacement]
        steps += (leftovers.salvageMarkers + manifests).map { .removeLeftover(file: $0) }
        let version = log.manifest.formatVersion
        if version < Format.version { steps.append(.upgradeFormat(from: Int(version), to: Int(Format.version))) }
        steps += (leftovers.unfinished + leftovers.segments).map { .removeLeftover(file: $0) }
        if leftovers.hasBackupMarker {
            steps.append(leftovers.isBackup ? .endBackup : .removeLeftover(file: StoreLayout.backupMarker))
        }
        let active = log.active
        if case .torn(let bytes) = active.tail {
            steps.append(.quarantineTornTail(file: active.name, offset: active.end, bytes: bytes))
        }
        if active.footer != nil { steps.append(.completeRollover(file: active.name)) }
    }

    /// Damage in a snapshot segment may have taken a deletion with it, and snapshots that it deleted may stand in any
    /// segment before: all of them go. What counts all the same stays: of a truncated stream, it is all that tells its state.
    private mutating func planSnapshots(of manifest: Manifest, _ device: any Device) throws(StrataError) {
        var scan = SnapshotScan(storeID: manifest.storeID, on: device)
        try scan.run()
        if !scan.failedCalls.isEmpty { scan = try Self.scanAgain(behind: scan, manifest, device) }
        let damaged = Set(scan.damage.map(\.file))
        let numbers = try SnapshotScan.segments(on: device)
        guard let last = numbers.last(where: { damaged.contains(StoreLayout.snapshotSegment($0)) }) else { return }
        snapshotSegments = numbers.filter { $0 <= last }
        keptSnapshots = scan.index.all.values.filter { $0.segment <= last }
            .sorted { ($0.segment, $0.offset) < ($1.segment, $1.offset) }
        lastSnapshotSegment = scan.lastNumber
        if !keptSnapshots.isEmpty { steps.append(.keepSnapshots(count: keptSnapshots.count)) }
        steps += snapshotSegments.map { .quarantineSnapshots(file: StoreLayout.snapshotSegment($0)) }
    }

    /// Reads the snapshots a second time: a call that failed says nothing of a file, unless both attempts meet a bad
    /// sector there.
    private static func scanAgain(
        behind first: SnapshotScan, _ manifest: Manifest, _ device: any Device
    ) throws(StrataError) -> SnapshotScan {
        var second = SnapshotScan(storeID: manifest.storeID, on: device)
        try second.run()
        let unreadable = Set(first.failedCalls.filter(\.isOfMedium).map(\.path))
        for call in second.failedCalls where !call.isOfMedium || !unreadable.contains(call.path) {
            throw call
        }
        return second
    }

    /// Does what was planned, under the writer's lock.
    func perform(on device: any Device, holding lock: WriterLock, options: StrataOptions) throws(StrataError) {
        if let rebuilt {
            if isManifestUnreadable, (try? Manifest.read(from: device)) != nil {
                throw StrataError(
                    .ioFailure, "the manifest could not be read, and now it can; begin again",
                    path: device.path(of: StoreLayout.manifest))
            }
            try device.writeReplacement(of: StoreLayout.manifest, with: rebuilt.encoded())
            try device.installReplacement(of: StoreLayout.manifest)
        }
        // What is left of removals stands before them.
        try SnapshotScan.remove(snapshotLeftovers, on: device)
        try keepSnapshots(on: device, options)
        for number in snapshotSegments { _ = try Quarantine(device).move(StoreLayout.snapshotSegment(number)) }
        let opened = try WriterOpening(on: device, options: options).run(holding: lock)
        guard !opened.keepsLeftovers else {
            throw StrataError(
                .storageFull, "there is no room to write the manifest anew, and leftovers stay until there is",
                path: device.path(of: StoreLayout.manifest))
        }
    }

    /// Copies the snapshots that count out of the segments that are put aside, durably.
    private func keepSnapshots(on device: any Device, _ options: StrataOptions) throws(StrataError) {
        guard let storeID, !keptSnapshots.isEmpty else { return }
        let epoch = max(1, device.randomNumber())
        var number = lastSnapshotSegment + 1
        var segment = try SnapshotSegment.create(number, storeID: storeID, epoch: epoch, on: device)
        func mark() throws(StrataError) {
            try segment.sync()
            _ = try segment.append(FrameHeader(kind: .mark, epoch: epoch, durableMark: 0, storedAt: device.now()))
            try segment.sync()
        }
        for entry in keptSnapshots {
            let file = try StoreFile(StoreLayout.snapshotSegment(entry.segment), .read, on: device)
            guard let (found, body) = try entry.frame(in: file, storeID: storeID) else {
                throw StrataError(
                    .ioFailure, "a snapshot does not read the same twice; begin again", path: file.path,
                    offset: entry.offset)
            }
            var header = found
            header.epoch = epoch
            if !segment.hasRoom(for: header.frameLength, in: options.segmentBytes) {
                try mark()
                number += 1
                segment = try SnapshotSegment.create(number, storeID: storeID, epoch: epoch, on: device)
            }
            _ = try segment.append(header, body: body)
        }
        try mark()
    }
}
