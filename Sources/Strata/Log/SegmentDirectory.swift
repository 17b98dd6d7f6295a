import Synchronization

/// The directory of the segments, in which the log and a compaction make files beside each other.
///
/// A sync of a directory that fails may take with it every name that anybody has made since the last one, and the next sync
/// succeeds all the same. So whoever makes a name durable has to know of the syncs of others.
final class SegmentDirectory: Sendable {
    let device: any Device
    /// Held during a sync, so that nobody's success comes between another one's failure and the count of it.
    private let failedSyncs = Mutex(0)

    init(on device: any Device) {
        self.device = device
    }

    /// How many syncs have failed. To be asked before a file is made or removed.
    var failures: Int { failedSyncs.withLock { $0 } }

    /// Makes the names durable.
    ///
    /// - Parameter failures: how many syncs had failed before the first change that is to be durable.
    /// - Throws: also where another one has failed since.
    func sync(since failures: Int) throws(StrataError) {
        try failedSyncs.withLock { count throws(StrataError) in
            do throws(StrataError) { try device.syncDirectoryOrFail(StoreLayout.events) } catch {
                count += 1
                throw error
            }
            guard count == failures else {
                throw StrataError(
                    .ioFailure, "a sync of the directory has failed meanwhile, and may have taken the file's name",
                    path: device.path(of: StoreLayout.events))
            }
        }
    }
}
