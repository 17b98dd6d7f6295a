import EventSourcing
import Logging

/// Opens a store for writing: takes the lock, reads the log, heals a torn tail, and makes durable what was read.
struct WriterOpening {
    private let device: any Device
    private let options: StrataOptions
    private let epoch: UInt64
    private let isSalvage: Bool

    /// - Parameter isSalvage: whether the store is one that a salvage makes.
    init(on device: any Device, options: StrataOptions, isSalvage: Bool = false) {
        self.device = device
        self.options = options
        self.isSalvage = isSalvage
        // 0 would look like a field that was never written.
        epoch = max(1, device.randomNumber())
    }

    /// - Throws: ``StrataError/Code/locked``, ``StrataError/Code/damaged`` with everything that was found,
    ///   ``StrataError/Code/notAStore``, and the codes of failed calls.
    func run() throws(StrataError) -> OpenedLog {
        if try Manifest.read(from: device) == nil {
            if try StoreCreation.isPossible(on: device) {
                guard options.createIfMissing else {
                    throw StrataError(.notFound, "there is no store here", path: device.path)
                }
            } else if try Manifest.read(from: device) == nil {
                // Only then: what looks like other files may be a store that another process has just made.
                throw StrataError(.notAStore, "the directory is not a store", path: device.path)
            }
        }
        let lock = try WriterLock.take(on: device)
        return try run(holding: lock)
    }

    /// Opens the store under a lock that is held already.
    func run(holding lock: WriterLock) throws(StrataError) -> OpenedLog {
        try StoreLayout.checkDirectories(on: device)
        // Only now, because another process may have been at work until the lock was free.
        let isNew = try Manifest.read(from: device, isSalvage: isSalvage) == nil
        if isNew { try StoreCreation.create(on: device, epoch: epoch) }
        try syncDirectories(isNew: isNew)
        guard let manifest = try Manifest.read(from: device, isSalvage: isSalvage) else {
            throw StrataError(.ioFailure, "the manifest has gone", path: device.path)
        }
        let sidecars = SidecarFiles(
            device: device, storeID: manifest.storeID, mayWrite: true, logger: options.logger)
        var log = LogOpening(
            manifest: manifest, on: device, sidecars: sidecars, logger: options.logger,
            progress: options.openingProgress)
        try log.readSegments()
        guard log.damage.isEmpty else { throw Self.damaged(log.damage, device) }
        return try prepare(log, sidecars, lock, isNew: isNew)
    }

    /// Makes durable that the store is there, and which manifest is the latest: a process before this one may have
    /// died before it did.
    private func syncDirectories(isNew: Bool) throws(StrataError) {
        try device.syncDirectoryOrFail(".")
        // Whoever made the store was allowed to sync the parent; whoever uses it need not be.
        try device.syncParentOrFail(mayBeDenied: !isNew)
    }

    static func damaged(_ damage: [Damage], _ device: any Device) -> StrataError {
        let more = damage.count > 1 ? " and \(damage.count - 1) more" : ""
        return StrataError(
            .damaged,
            "the store is damaged: \(damage.first.map { "\($0)" } ?? "")\(more); nothing was changed. "
                + "'strata verify' lists all of it, 'strata recover' says what can be done, and a store opened "
                + "read-only still serves what is sound",
            path: device.path, damage: damage)
    }

    private func prepare(
        _ log: LogOpening, _ sidecars: SidecarFiles, _ lock: WriterLock, isNew: Bool
    ) throws(StrataError) -> OpenedLog {
        var scan = log.active
        guard let header = scan.header else {
            throw StrataError(.damaged, "the active segment has no header", path: device.path(of: scan.name))
        }
        try SalvageMarker.removeRest(on: device)
        try makeMissingDirectories()
        let directory = SegmentDirectory(on: device)
        let (manifest, isWritten) = try reinstall(log.manifest)
        let file = try StoreFile(scan.name, .readWrite, on: device)
        // What was just read may still be in the page cache alone, or be there as if it were not.
        try file.makeDurable(from: scan.durableMark, to: scan.end)
        try device.syncDirectoryOrFail(StoreLayout.events)
        if scan.tail != .none { try cutTail(of: &scan, file) }
        log.index.setDurable(upTo: log.index.lastPosition)
        let segment = ActiveSegment(continuing: scan, header: header, file: file)
        let opened = (manifest: manifest, segment: segment)
        let completed = scan.footer == nil ? opened : try completeRollover(opened, log.index, directory)
        return OpenedLog(
            device: device, index: log.index, sidecars: sidecars, manifest: completed.manifest,
            keepsLeftovers: !isWritten, owesManifest: !isWritten && !isNew && !lock.isBehindOrderlyClose,
            directory: directory, segment: completed.segment, lock: lock, epoch: epoch)
    }

    /// Makes the directories that are not needed to read the log: somebody may have removed the snapshots, which are a cache.
    private func makeMissingDirectories() throws(StrataError) {
        for name in [StoreLayout.snapshots, StoreLayout.quarantine] where try device.kindOrFail(of: name) == nil {
            try device.createDirectoryOrFail(name)
            try device.syncDirectoryOrFail(".")
        }
    }

    /// Removes the leftovers of whatever was cut off.
    private func remove(_ leftovers: Leftovers) throws(StrataError) {
        for name in leftovers.unfinished { try device.removeIfPresent(name) }
        // On a full disk, whatever removes a segment behind them does it again.
        do { try SnapshotScan.remove(leftovers.snapshots, on: device) } catch {
            guard error.code == .storageFull else { throw error }
        }
        if leftovers.hasBackupMarker {
            // What an unfinished backup has brought would be damage without the marker.
            try device.removeForGood(leftovers.segments)
            try BackupMarker.remove(from: device)
        } else {
            for name in leftovers.segments { try device.removeIfPresent(name) }
        }
    }

    /// Writes the manifest anew, in the newest format version: the one that was read may be in the page cache alone, where
    /// a process before this one replaced it and the sync of the directory failed. Only then can what it makes superfluous
    /// go. On a full disk everything stays as it is, and the first append needs the room instead where the manifest can be
    /// doubted; but a backup that stayed one would not keep what is appended.
    private func reinstall(_ manifest: Manifest) throws(StrataError) -> (manifest: Manifest, isWritten: Bool) {
        let isOlder = manifest.formatVersion < Format.version
        let renewed = isOlder ? try manifest.successor(on: device) : manifest
        do {
            try device.writeReplacement(of: StoreLayout.manifest, with: renewed.encoded())
        } catch {
            guard error.code == .storageFull, !isOlder, try !BackupMarker.exists(on: device) else { throw error }
            return (manifest, isWritten: false)
        }
        try device.installReplacement(of: StoreLayout.manifest)
        try remove(Leftovers(beside: renewed, on: device))
        return (renewed, isWritten: true)
    }

    /// Cuts a torn tail off, after it has been copied to quarantine durably.
    private func cutTail(of scan: inout SegmentScan, _ file: StoreFile) throws(StrataError) {
        if case .torn(let bytes) = scan.tail {
            let name = try Quarantine(device).keep(scan.name, from: scan.end, to: scan.end + bytes)
            options.logger.warning(
                "a torn tail was moved to quarantine; no append in it was ever acknowledged as durable",
                metadata: [
                    "segment": "\(scan.name)", "offset": "\(scan.end)", "bytes": "\(bytes)",
                    "quarantine": "\(name)",
                ])
        }
        try file.truncate(to: scan.end)
        try file.sync()
        scan.bytes = scan.end
        scan.tail = .none
    }

    /// Completes a rollover that a crash has cut off behind the footer.
    func completeRollover(
        _ opened: (manifest: Manifest, segment: ActiveSegment), _ index: LogIndex, _ directory: SegmentDirectory
    ) throws(StrataError) -> (manifest: Manifest, segment: ActiveSegment) {
        var manifest = try opened.manifest.successor(on: device)
        guard
            manifest.sealed.count + 1 < Format.mostSegments, opened.segment.lastPosition + 1 < Format.numberLimit
        else {
            throw StrataError(.storageFull, "the store has all segments that there can be", path: device.path)
        }
        // Nothing is written to the file any more that would make its length durable.
        try opened.segment.file.makeLengthDurable(opened.segment.end)
        let entry = opened.segment.manifestEntry(digest: opened.segment.digest.value)
        manifest.sealed.append(entry)
        manifest.active = UInt64(opened.segment.lastPosition + 1)
        let next = try ActiveSegment.create(
            number: manifest.active, storeID: manifest.storeID, epoch: epoch, in: directory)
        try device.writeReplacement(of: StoreLayout.manifest, with: manifest.encoded())
        try device.installReplacement(of: StoreLayout.manifest)
        index.rollOver(as: entry, to: SegmentIdentity(number: next.header.number))
        return (manifest, next)
    }
}
