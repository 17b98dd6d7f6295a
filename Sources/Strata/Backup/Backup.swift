import EventSourcing
import FoundationEssentials

/// Makes a backup: brings over what it lacks, replaces its manifest, and removes what that no longer needs, in this
/// order, so that a crash at any point leaves the older or the newer backup whole. The older one's last segment may
/// have gone on by then: what follows in a log takes nothing away.
struct Backup {
    /// How often the store's manifest may be replaced while its files are brought over.
    private static let attempts = 20

    let source: any Device
    let destination: any Device
    private let options: BackupOptions
    private var transfer: FileTransfer
    /// The manifest of the older backup.
    private var older: Manifest?
    /// Whether the last run came to its end: what an unfinished one has left may be in the page cache alone. nil until this
    /// run changes something.
    private var isOlderDurable: Bool?
    private var events = 0
    private var lastPosition = 0
    /// The segment that continues the last one of the older backup, once it is staged.
    private var continuation: (staged: String, name: String)?
    /// The files of snapshots that belong to the backup.
    private var snapshotSegments: Set<UInt64> = []

    init(
        of source: any Device, to destination: any Device, _ options: BackupOptions,
        progress: @escaping (JobProgress) -> Void
    ) {
        self.source = source
        self.destination = destination
        self.options = options
        transfer = FileTransfer(from: source, to: destination, progress: progress)
    }

    /// Does everything. May block.
    mutating func run() throws(StrataError) -> BackupReport {
        try StoreLayout.checkDirectories(on: source)
        let storeID = try manifest().storeID
        // Where there is something else, not even the lock may be made.
        _ = try isMarked()
        // Excludes another backup, and whoever makes a store of this one.
        let lock = try WriterLock.take(on: destination)
        defer { withExtendedLifetime(lock) {} }
        // Somebody may have made a store meanwhile.
        let isMarked = try isMarked()
        older = try Manifest.read(from: destination)
        try prepare(storeID, isMarked: isMarked)
        for _ in 0..<Self.attempts {
            let manifest = try manifest()
            let snapshots = try SnapshotScan.segments(on: source)
            do {
                try checkLineage(of: manifest)
                try beginChanges(storeID)
                try bringFiles(of: manifest, snapshots)
            } catch {
                // Compaction has replaced what was to be brought.
                guard error.code == .notFound else { throw error }
                let isSameLog = try self.manifest().generation == manifest.generation
                let areSameSnapshots = try SnapshotScan.segments(on: source) == snapshots
                if isSameLog, areSameSnapshots { throw error }
                continue
            }
            let removed = try install(manifest)
            try BackupMarker.writeComplete(storeID, on: destination)
            var scan = SnapshotScan(storeID: storeID, on: destination)
            try scan.run()
            return report(manifest, removedFiles: removed, damagedSnapshots: scan.damage)
        }
        throw StrataError(.ioFailure, "the store changes faster than it can be copied", path: source.path)
    }

    private func report(_ manifest: Manifest, removedFiles: Int, damagedSnapshots: [Damage]) -> BackupReport {
        BackupReport(
            storeID: UUID(bits: manifest.storeID), segments: manifest.sealed.count + 1, events: events,
            lastPosition: lastPosition == 0 ? nil : Position(lastPosition), copiedBytes: transfer.copiedBytes,
            linkedBytes: transfer.linkedBytes, keptBytes: transfer.keptBytes, removedFiles: removedFiles,
            damagedSnapshots: damagedSnapshots)
    }

    private func manifest() throws(StrataError) -> Manifest {
        guard let manifest = try Manifest.read(from: source) else {
            throw StrataError(.notAStore, "the directory is not a store", path: source.path)
        }
        return manifest
    }

    /// Whether the destination is a backup already; otherwise there must be nothing yet.
    private func isMarked() throws(StrataError) -> Bool {
        if try BackupMarker.isPresent(on: destination) { return true }
        let own = [StoreLayout.lock, StoreLayout.backupMarker + FileSystemDevice.replacementSuffix]
        guard try destination.listOrFail(".").allSatisfy(own.contains) else {
            throw StrataError(
                .cannotCreate, "there is something at the destination that is no backup", path: destination.path)
        }
        return false
    }

    /// Marks the destination as a backup before anything comes into it.
    private func prepare(_ storeID: UInt128, isMarked: Bool) throws(StrataError) {
        if !isMarked { try BackupMarker.writeIncomplete(storeID, on: destination) }
        // Each time: whoever made the directory may have been cut off before that.
        try destination.syncParentOrFail(mayBeDenied: true)
        try StoreLayout.checkDirectories(on: destination)
        for directory in [StoreLayout.events, StoreLayout.snapshots, StoreLayout.quarantine] {
            if older == nil {
                try StoreCreation.createDirectory(directory, on: destination)
            } else {
                try destination.createDirectoryOrFail(directory)
            }
        }
        try destination.syncDirectoryOrFail(".")
    }

    /// Says that what is there is about to change, so that the next run knows if this one is cut off.
    private mutating func beginChanges(_ storeID: UInt128) throws(StrataError) {
        guard isOlderDurable == nil else { return }
        let isComplete = try BackupMarker.isComplete(on: destination)
        if isComplete { try BackupMarker.writeIncomplete(storeID, on: destination) }
        isOlderDurable = isComplete
    }

    /// Checks that the store is the one that the older backup was made of, and has gone on from there.
    private func checkLineage(of manifest: Manifest) throws(StrataError) {
        guard let older else { return }
        guard older.storeID == manifest.storeID else {
            throw StrataError(
                .cannotCreate, "the destination holds a backup of another store", path: destination.path)
        }
        let known = Dictionary(older.sealed.map { ($0.identity, $0) }) { first, _ in first }
        let agrees = manifest.sealed.allSatisfy { known[$0.identity].map { [entry = $0] in $0 == entry } ?? true }
        guard agrees, older.generation <= manifest.generation, try hasLastSegment(of: older, manifest) else {
            throw StrataError(
                .cannotCreate,
                "the destination holds a backup of this store that is newer, or of a copy that has gone another way",
                path: destination.path)
        }
    }

    /// Whether the store has every frame that verifies in the last segment of the older backup, up to the mark that the
    /// backup has put behind them. Where it has compacted the segment, the bytes do not tell.
    private func hasLastSegment(of older: Manifest, _ manifest: Manifest) throws(StrataError) -> Bool {
        let segment = SegmentIdentity(number: older.active)
        guard manifest.lists(segment), try destination.kindOrFail(of: segment.name) == .file else { return true }
        let copy = try SegmentContent(segment, storeID: older.storeID, on: destination)
        var scanner = FrameScanner(copy, to: try copy.length())
        var end = Format.segmentHeaderBytes
        while case .frame(let header) = try scanner.next() {
            if header.kind != .mark { end = scanner.offset + header.frameLength }
        }
        if try transfer.isSame(segment.name, in: Format.segmentHeaderBytes..<end) { return true }
        // What is damaged has not gone another way.
        var sourceScanner = SegmentScanner(
            segment, storeID: older.storeID, isSealed: older.active != manifest.active, on: source)
        let damage = try sourceScanner.run(visit: { _, _, _ in }).damage.first
        // Nor is what a compaction has taken away since: it does not rewrite what is damaged.
        guard let damage, try source.kindOrFail(of: segment.name) != nil else { return false }
        throw damaged(damage, segment.name)
    }

    private mutating func bringFiles(of manifest: Manifest, _ snapshots: [UInt64]) throws(StrataError) {
        transfer.begin(bytesTotal: try StrataStore.bytes(of: manifest, source))
        events = manifest.sealed.reduce(0) { $0 + Int(clamping: $1.eventCount) }
        lastPosition = Int(clamping: manifest.sealed.last?.lastPosition ?? 0)
        continuation = nil
        for entry in manifest.sealed { try bring(entry, of: manifest.storeID) }
        try bringActive(manifest)
        try bringSnapshots(snapshots)
        try destination.syncDirectoryOrFail(StoreLayout.snapshots)
        if let continuation { try transfer.install(continuation.staged, as: continuation.name) }
    }

    /// Whether a file is the last segment of the older backup, which shows whatever is in it.
    private func isShown(_ segment: SegmentIdentity) -> Bool {
        older.map { segment == SegmentIdentity(number: $0.active) } ?? false
    }

    /// Gives a segment its name. The one that the older backup shows as well waits for the snapshots: it may hold a
    /// truncation, and then the stream needs a snapshot of the events that are left.
    private mutating func install(_ staged: String, as segment: SegmentIdentity) throws(StrataError) {
        if isShown(segment) {
            continuation = (staged, segment.name)
        } else {
            try transfer.install(staged, as: segment.name)
        }
    }

    /// Brings a sealed segment over, unless it is there.
    private mutating func bring(_ entry: Manifest.SealedSegment, of storeID: UInt128) throws(StrataError) {
        let name = entry.identity.name
        if try destination.kindOrFail(of: name) == .file {
            if older?.sealed.contains(entry) ?? false { return transfer.keep(name, Int(clamping: entry.bytes)) }
            // What an unfinished backup has brought was perhaps not brought whole.
            if !isShown(entry.identity), try problem(with: entry, storeID) == nil {
                try transfer.renew(name)
                return transfer.keep(name, Int(clamping: entry.bytes))
            }
        }
        let staged = try transfer.stage(name, mayLink: options.usesHardLinks && !isShown(entry.identity))
        if let damage = try problem(with: entry, in: staged, storeID) { throw damaged(damage, name) }
        try install(staged, as: entry.identity)
    }

    private func damaged(_ damage: Damage, _ name: String) -> StrataError {
        StrataError(
            .damaged, "the store is damaged: \(damage); the older backup, if there is one, is as it was",
            path: source.path(of: name), damage: [damage])
    }

    /// What is wrong with a segment of the destination; nil where it is what the manifest says.
    private func problem(
        with entry: Manifest.SealedSegment, in name: String? = nil, _ storeID: UInt128
    ) throws(StrataError) -> Damage? {
        var scanner = SegmentScanner(entry.identity, in: name, storeID: storeID, isSealed: true, on: destination)
        let scan = try scanner.run { _, _, _ in }
        if let damage = scan.damage.first { return damage }
        return entry.matches(scan)
            ? nil : Damage(file: scan.name, offset: 0, reason: "this is not the segment that the manifest lists")
    }

    /// Has the backup show what was brought, and removes what it does not need any longer.
    ///
    /// - Returns: how many files went.
    private func install(_ manifest: Manifest) throws(StrataError) -> Int {
        try destination.syncDirectoryOrFail(StoreLayout.events)
        let current = Manifest(
            storeID: manifest.storeID, generation: manifest.generation, createdAt: manifest.createdAt,
            sealed: manifest.sealed, active: manifest.active)
        try destination.writeReplacement(of: StoreLayout.manifest, with: current.encoded())
        try destination.installReplacement(of: StoreLayout.manifest)
        return try removeUnneeded(manifest)
    }

    /// Removes for good the files that the backup does not need; returns how many.
    private func removeUnneeded(_ manifest: Manifest) throws(StrataError) -> Int {
        var events: [String] = []
        var snapshots: [String] = []
        var others: [String] = []
        for name in try destination.listOrFail(StoreLayout.events) {
            guard let segment = SegmentIdentity(fileName: name) else {
                others.append("\(StoreLayout.events)/\(name)")
                continue
            }
            if !manifest.lists(segment) { events.append(segment.name) }
        }
        for name in try destination.listOrFail(StoreLayout.snapshots).sorted() {
            guard let number = StoreLayout.number(ofSegment: name) else {
                others.append("\(StoreLayout.snapshots)/\(name)")
                continue
            }
            if !snapshotSegments.contains(number) { snapshots.append(StoreLayout.snapshotSegment(number)) }
        }
        try destination.removeForGood(events)
        // From the first to the last, as a compaction does: a deletion stands behind what it deletes.
        try destination.removeForGood(snapshots, inOrder: true)
        for name in others { try destination.removeIfPresent(name) }
        return events.count + snapshots.count + others.count
    }
}

extension Backup {
    /// Copies the active segment up to where readers beside the writer may see it, with a mark behind it: the copy is
    /// complete, and damage to its end is no torn tail.
    private mutating func bringActive(_ manifest: Manifest) throws(StrataError) {
        let segment = SegmentIdentity(number: manifest.active)
        var hasWriter = try ReaderOpening.hasWriter(source)
        var scan = try scanActive(segment, manifest.storeID)
        // What a writer has written that came meanwhile need not be durable yet, and it makes durable what was there before.
        if !hasWriter, try ReaderOpening.hasWriter(source) {
            hasWriter = true
            scan = try scanActive(segment, manifest.storeID)
        }
        // An append that found no room was taken back, and another one has come in its place: it reads well the second time.
        if !scan.damage.isEmpty, hasWriter { scan = try scanActive(segment, manifest.storeID) }
        if let damage = scan.damage.first {
            let isGone = try source.kindOrFail(of: segment.name) == nil
            throw StrataError(
                isGone ? .notFound : .damaged, "the store is damaged: \(damage)", path: source.path(of: segment.name),
                damage: scan.damage)
        }
        let end = hasWriter ? scan.readableEnd : scan.end
        let staged = segment.name + StoreLayout.stagedSuffix
        let copy = try transfer.copy(StoreFile(segment.name, .read, on: source), upTo: end, to: staged)
        let last = try lastFrame(
            of: copy, segment.binding(storeID: manifest.storeID), end: end, scan.header?.epoch ?? 0)
        if !last.isFooter {
            var mark: [UInt8] = []
            FrameHeader(kind: .mark, epoch: last.epoch, durableMark: end, storedAt: destination.now())
                .encode(into: &mark, at: end, binding: segment.binding(storeID: manifest.storeID))
            try copy.write(mark.span.bytes, at: end)
            try copy.sync()
        }
        try install(staged, as: segment)
    }

    private func scanActive(_ segment: SegmentIdentity, _ storeID: UInt128) throws(StrataError) -> SegmentScan {
        var scanner = SegmentScanner(segment, storeID: storeID, isSealed: false, on: source)
        return try scanner.run { _, _, _ in }
    }

    /// Walks the copy, and counts its events.
    private mutating func lastFrame(
        of copy: StoreFile, _ binding: ChecksumBinding, end: Int, _ epoch: UInt64
    ) throws(StrataError) -> (epoch: UInt64, isFooter: Bool) {
        var last = (epoch: epoch, isFooter: false)
        var scanner = FrameScanner(SegmentContent(copy, binding: binding), to: end)
        while case .frame(let header) = try scanner.next() {
            last = (header.epoch, header.kind == .footer)
            guard header.kind == .commit else { continue }
            events += header.eventCount
            lastPosition = header.firstPosition + header.eventCount - 1
        }
        guard scanner.offset == end else {
            throw StrataError(.damaged, "the log's end does not verify in its copy", path: copy.path)
        }
        return last
    }
}

extension Backup {
    /// Brings the snapshots over. Those of events that came behind the copied ones do not count in the copy, and those before
    /// them do: an aggregate whose events are released needs one.
    ///
    /// - Parameter before: the segments of snapshots that there were before the log was copied.
    /// - Throws: ``StrataError/Code/notFound`` where a compaction has removed one of them since, and with it perhaps the
    ///   snapshot that fits.
    private mutating func bringSnapshots(_ before: [UInt64]) throws(StrataError) {
        let numbers = try SnapshotScan.segments(on: source)
        if let gone = before.first(where: { !numbers.contains($0) }) {
            let path = source.path(of: StoreLayout.snapshotSegment(gone))
            throw StrataError(.notFound, "a segment of snapshots was removed", path: path)
        }
        for number in numbers {
            let name = StoreLayout.snapshotSegment(number)
            // The last one still grows.
            let isLast = number == numbers.last
            let isDurable = isOlderDurable ?? false || transfer.hasBrought(name)
            if !isLast, isDurable, try transfer.isSame(name) {
                transfer.keep(name, try StoreFile(name, .read, on: source).length())
            } else {
                try transfer.bring(name)
            }
        }
        snapshotSegments = Set(numbers)
    }
}
