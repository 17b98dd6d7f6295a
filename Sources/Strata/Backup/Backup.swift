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
    private var events = 0
    private var lastPosition = 0
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
        try prepare(storeID)
        // Excludes another backup, and whoever makes a store of this one.
        let lock = try WriterOpening.takeLock(on: destination)
        defer { withExtendedLifetime(lock) {} }
        older = try Manifest.read(from: destination)
        for _ in 0..<Self.attempts {
            let manifest = try manifest()
            let snapshots = try SnapshotScan.segments(on: source)
            try checkLineage(of: manifest)
            do {
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
            try BackupMarker.write("complete at \(destination.now())", of: storeID, on: destination)
            return report(manifest, removedFiles: removed)
        }
        throw StrataError(.ioFailure, "the store changes faster than it can be copied", path: source.path)
    }

    private func report(_ manifest: Manifest, removedFiles: Int) -> BackupReport {
        BackupReport(
            storeID: UUID(bits: manifest.storeID), segments: manifest.sealed.count + 1, events: events,
            lastPosition: lastPosition == 0 ? nil : Position(lastPosition), copiedBytes: transfer.copiedBytes,
            linkedBytes: transfer.linkedBytes, keptBytes: transfer.keptBytes, removedFiles: removedFiles)
    }

    private func manifest() throws(StrataError) -> Manifest {
        guard let manifest = try Manifest.read(from: source) else {
            throw StrataError(.notAStore, "the directory is not a store", path: source.path)
        }
        return manifest
    }

    /// Marks the destination as a backup before anything comes into it.
    private func prepare(_ storeID: UInt128) throws(StrataError) {
        if try !BackupMarker.isPresent(on: destination) {
            let marker = StoreLayout.backupMarker + FileSystemDevice.replacementSuffix
            guard try destination.listOrFail(".").allSatisfy({ $0 == marker }) else {
                throw StrataError(
                    .cannotCreate, "there is something at the destination that is no backup", path: destination.path)
            }
            try BackupMarker.write("not complete", of: storeID, on: destination)
            // Whoever may write here need not be allowed to sync the parent.
            try? destination.syncParent()
        }
        try StoreLayout.checkDirectories(on: destination)
        for directory in [StoreLayout.events, StoreLayout.snapshots, StoreLayout.quarantine] {
            try destination.createDirectoryOrFail(directory)
        }
        try destination.syncDirectoryOrFail(".")
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
        guard agrees, older.generation <= manifest.generation else {
            throw StrataError(
                .cannotCreate,
                "the destination holds a backup of this store that is newer, or of a copy that has gone another way",
                path: destination.path)
        }
    }

    private mutating func bringFiles(of manifest: Manifest, _ snapshots: [UInt64]) throws(StrataError) {
        transfer.bytesTotal = try StrataStore.bytes(of: manifest, source)
        events = manifest.sealed.reduce(0) { $0 + Int(clamping: $1.eventCount) }
        lastPosition = Int(clamping: manifest.sealed.last?.lastPosition ?? 0)
        for entry in manifest.sealed { try bring(entry, of: manifest.storeID) }
        let end = try bringActive(manifest)
        try bringSnapshots(manifest, snapshots, logEnd: end)
    }

    /// Brings a sealed segment over, unless it is there.
    private mutating func bring(_ entry: Manifest.SealedSegment, of storeID: UInt128) throws(StrataError) {
        let name = entry.identity.name
        let isListed = older?.sealed.contains(entry) ?? false
        if try destination.kindOrFail(of: name) == .file {
            // What an unfinished backup has brought was perhaps not brought whole.
            let isWhole = isListed ? true : try problem(with: entry, storeID) == nil
            if isWhole { return transfer.keep(Int(clamping: entry.bytes)) }
        }
        try transfer.bring(name, mayLink: options.usesHardLinks)
        guard let damage = try problem(with: entry, storeID) else { return }
        throw StrataError(
            .damaged, "the store is damaged: \(damage); the older backup, if there is one, is as it was",
            path: source.path(of: name), damage: [damage])
    }

    /// What is wrong with a segment of the destination; nil where it is what the manifest says.
    private func problem(with entry: Manifest.SealedSegment, _ storeID: UInt128) throws(StrataError) -> Damage? {
        var scanner = SegmentScanner(entry.identity, storeID: storeID, isSealed: true, on: destination)
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
        try destination.syncDirectoryOrFail(StoreLayout.snapshots)
        let current = Manifest(
            storeID: manifest.storeID, generation: manifest.generation, createdAt: manifest.createdAt,
            sealed: manifest.sealed, active: manifest.active)
        try destination.writeReplacement(of: StoreLayout.manifest, with: current.encoded())
        try destination.installReplacement(of: StoreLayout.manifest)
        var removed = 0
        for name in try destination.listOrFail(StoreLayout.events) {
            if let segment = SegmentIdentity(fileName: name), manifest.lists(segment) { continue }
            try destination.removeIfPresent("\(StoreLayout.events)/\(name)")
            removed += 1
        }
        for name in try destination.listOrFail(StoreLayout.snapshots) {
            if let number = StoreLayout.number(ofSegment: name), snapshotSegments.contains(number) { continue }
            try destination.removeIfPresent("\(StoreLayout.snapshots)/\(name)")
            removed += 1
        }
        return removed
    }
}

extension Backup {
    /// Copies the active segment up to where readers beside the writer may see it, with a mark behind it: the copy is
    /// complete, and damage to its end is no torn tail.
    ///
    /// - Returns: where the copied frames end.
    private mutating func bringActive(_ manifest: Manifest) throws(StrataError) -> Int {
        let segment = SegmentIdentity(number: manifest.active)
        let hasWriter = try ReaderOpening.hasWriter(source)
        var scan = try scanActive(segment, manifest.storeID)
        // What a writer was just changing reads well the second time.
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
        try transfer.install(staged, as: segment.name)
        return end
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
    /// Brings the snapshots over. Those of events that came behind the copied ones would count as absent, and an aggregate
    /// whose events are released needs one: an older one that fits is stored again.
    ///
    /// - Parameter before: the segments of snapshots that there were before the log was copied.
    /// - Throws: ``StrataError/Code/notFound`` where a compaction has removed one of them since, and with it perhaps the
    ///   snapshot that fits.
    private mutating func bringSnapshots(
        _ manifest: Manifest, _ before: [UInt64], logEnd: Int
    ) throws(StrataError) {
        let numbers = try SnapshotScan.segments(on: source)
        if let gone = before.first(where: { !numbers.contains($0) }) {
            let path = source.path(of: StoreLayout.snapshotSegment(gone))
            throw StrataError(.notFound, "a segment of snapshots was removed", path: path)
        }
        for number in numbers {
            let name = StoreLayout.snapshotSegment(number)
            // The last one still grows.
            let isLast = number == numbers.last
            if !isLast, try transfer.isSame(name) {
                transfer.keep(try StoreFile(name, .read, on: source).length())
            } else {
                try transfer.bring(name, mayLink: !isLast && options.usesHardLinks)
            }
        }
        snapshotSegments = Set(numbers)
        let versions = try versionsCopied(manifest, logEnd: logEnd)
        guard !versions.isEmpty else { return }
        var scan = SnapshotScan(storeID: manifest.storeID, on: destination)
        let heldBack = try scan.run(numbers, upTo: versions)
        let fitting = heldBack.compactMap { scan.index[$0] }
        guard !fitting.isEmpty else { return }
        try store(fitting, behind: numbers.last ?? 0, manifest.storeID)
    }

    /// The versions that streams have in the copy which have gone on in the store since.
    private func versionsCopied(_ manifest: Manifest, logEnd: Int) throws(StrataError) -> [StreamID: Int] {
        let current = try self.manifest()
        var versions: [StreamID: Int] = [:]
        let behind = current.sealed.map(\.identity).filter { $0.number >= manifest.active }
        for segment in behind + [SegmentIdentity(number: current.active)] {
            let isCopied = segment.number == manifest.active
            let content = try SegmentContent(segment, storeID: manifest.storeID, on: source)
            // Where the copied segment was compacted, its offsets tell nothing: what is in it counts as not copied.
            let start = isCopied && !segment.isCompacted ? logEnd : Format.segmentHeaderBytes
            var scanner = FrameScanner(content, from: start, to: try content.length())
            while case .frame(let header) = try scanner.next() {
                guard
                    header.kind == .commit,
                    let type = scanner.withBody({ body in
                        CommitBody.aggregateTypeRange(in: body, header: header).flatMap { body.extracting($0).text }
                    })
                else { continue }
                let stream = StreamID(type, UUID(bits: header.aggregateID))
                versions[stream] = versions[stream] ?? header.firstVersion - 1
            }
        }
        return versions
    }

    /// Stores snapshots again, in a segment of their own behind the others.
    private mutating func store(
        _ entries: [SnapshotIndex.Entry], behind number: UInt64, _ storeID: UInt128
    ) throws(StrataError) {
        let header = SegmentHeader(
            kind: .snapshots, storeID: storeID, number: number + 1, epoch: max(1, destination.randomNumber()),
            createdAt: destination.now())
        var bytes = header.encoded()
        for entry in entries {
            let file = try StoreFile(StoreLayout.snapshotSegment(entry.segment), .read, on: destination)
            let binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: entry.segment)
            var frame: [UInt8] = []
            guard
                var snapshot = try SegmentContent(file, binding: binding)
                    .readFrame(at: entry.offset, before: entry.offset + entry.frameLength, into: &frame)
            else { continue }
            snapshot.durableMark = Format.segmentHeaderBytes
            snapshot.encode(into: &bytes, at: bytes.count, binding: header.binding)
            bytes += frame[Format.frameHeaderBytes...]
        }
        let name = StoreLayout.snapshotSegment(number + 1)
        let staged = name + StoreLayout.stagedSuffix
        try destination.removeIfPresent(staged)
        let file = try StoreFile(staged, .create, on: destination)
        try file.write(bytes.span.bytes, at: 0)
        try file.sync()
        try transfer.install(staged, as: name)
        snapshotSegments.insert(number + 1)
    }
}
