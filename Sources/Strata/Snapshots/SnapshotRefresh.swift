import EventSourcing
import Synchronization

/// Brings the snapshots of a store that is open for reading only up to date, when a compaction by another process has
/// taken the segment away in which one of them stood.
final class SnapshotRefresh: Sendable {
    private let snapshots: SnapshotReader
    private let reader: LogReader
    private let log: ReaderRefresh
    private let storeID: UInt128
    private let device: any Device
    /// Held by whoever does it.
    private let turn = Mutex(())

    init(
        _ snapshots: SnapshotReader, _ reader: LogReader, _ log: ReaderRefresh, storeID: UInt128, on device: any Device
    ) {
        self.snapshots = snapshots
        self.reader = reader
        self.log = log
        self.storeID = storeID
        self.device = device
    }

    /// Reads the store as it is now, unless somebody has done so since the snapshot was missed. May block for long.
    func run(missing entry: SnapshotIndex.Entry, of stream: StreamID) throws(StrataError) {
        try turn.withLock { _ throws(StrataError) in
            guard snapshots.index[stream] == entry else { return }
            let segments = try SnapshotScan.segments(on: device)
            // The events first: the snapshot that is there now may be of later ones.
            try log.run()
            let scan = try SnapshotScan.ofReader(reader, having: segments, log, storeID: storeID, on: device)
            snapshots.index.replaceAll(by: scan.index)
            snapshots.closeOthers(than: try SnapshotScan.segments(on: device))
        }
    }
}
