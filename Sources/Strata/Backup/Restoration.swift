import EventSourcing
import FoundationEssentials
import Logging
import Synchronization

/// Makes a store of a backup. The manifest comes last, once everything that it names is there, durable and checked; until then a
/// marker keeps everybody from making a store of what is there.
struct Restoration {
    private let source: any Device
    private let destination: any Device
    private var transfer: FileTransfer

    init(of source: any Device, to destination: any Device, progress: @escaping (JobProgress) -> Void) {
        self.source = source
        self.destination = destination
        transfer = FileTransfer(from: source, to: destination, progress: progress)
    }

    /// Does everything. May block.
    mutating func run() throws(StrataError) -> BackupReport {
        try StoreLayout.checkDirectories(on: source)
        guard let manifest = try Manifest.read(from: source) else {
            throw StrataError(.notAStore, "the directory is not a backup", path: source.path)
        }
        guard try !ReaderOpening.hasWriter(source) else {
            throw StrataError(.locked, "a backup is being made, or somebody writes to it", path: source.path)
        }
        // Where there is something, not even the lock may be made.
        try StoreCreation.checkEmptiness(of: destination)
        // Excludes another restoration, and whoever makes a store there.
        let lock = try WriterLock.take(on: destination)
        defer { withExtendedLifetime(lock) {} }
        // Until then somebody may have made one.
        try StoreCreation.checkEmptiness(of: destination)
        // What is there from now on lacks events, although all of it may verify.
        try SalvageMarker.write(on: destination)
        try copyFiles(of: manifest)
        var log = LogOpening(
            manifest: manifest, on: destination,
            logger: Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() }))
        try log.readSegments()
        guard log.damage.isEmpty else {
            throw StrataError(
                .damaged, "what was restored is damaged: \(log.damage[0])", path: destination.path, damage: log.damage)
        }
        try destination.writeReplacement(of: StoreLayout.manifest, with: manifest.encoded())
        try destination.installReplacement(of: StoreLayout.manifest)
        try destination.syncParentOrFail(mayBeDenied: true)
        try SalvageMarker.remove(from: destination)
        var snapshots = SnapshotScan(storeID: manifest.storeID, on: destination)
        try snapshots.run()
        return report(manifest, log.index, snapshots)
    }

    private mutating func copyFiles(of manifest: Manifest) throws(StrataError) {
        for directory in [StoreLayout.events, StoreLayout.snapshots, StoreLayout.quarantine] {
            try destination.createDirectoryOrFail(directory)
        }
        try destination.syncDirectoryOrFail(".")
        transfer.begin(bytesTotal: try StrataStore.bytes(of: manifest, source))
        let segments = manifest.sealed.map(\.identity) + [SegmentIdentity(number: manifest.active)]
        for segment in segments { try transfer.bring(segment.name) }
        for number in try SnapshotScan.segments(on: source) {
            try transfer.bring(StoreLayout.snapshotSegment(number))
        }
        try destination.syncDirectoryOrFail(StoreLayout.events)
        try destination.syncDirectoryOrFail(StoreLayout.snapshots)
    }

    private func report(
        _ manifest: Manifest, _ index: LogIndex, _ snapshots: SnapshotScan
    ) -> BackupReport {
        let events = index.summaries.reduce(0) { $0 + $1.eventCount }
        return BackupReport(
            storeID: UUID(bits: manifest.storeID), segments: manifest.sealed.count + 1, events: events,
            lastPosition: index.lastPosition == 0 ? nil : Position(index.lastPosition),
            copiedBytes: transfer.copiedBytes, linkedBytes: 0, keptBytes: 0, removedFiles: 0,
            damagedSnapshots: snapshots.damage)
    }
}
