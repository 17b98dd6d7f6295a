import Logging

extension StrataStore {
    /// Makes a new store of everything in a damaged one that verifies, in the same order.
    ///
    /// Event ids, positions and times stay. Where a stream has lost events, its later versions move up, because
    /// versions have no gaps; the report names every stream and version that is gone. No position is given out again that was taken,
    /// as far as the damaged store tells, unless the new log's last segment holds no event. What the medium
    /// cannot give any more counts as damage, and all around it is saved. The damaged store is not
    /// changed. The new one counts as a store once all of it is durable: a salvage that is cut off leaves a directory that
    /// is none. Time and reading are proportional to the bytes of the log, memory to the number of events.
    ///
    /// - Parameters:
    ///   - path: the damaged store's directory. Nobody may have it open for writing.
    ///   - newPath: where the new store is made; there must be nothing, or an empty directory.
    ///   - progress: called now and then, from any thread.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``, ``StrataError/Code/locked``,
    ///   ``StrataError/Code/cannotCreate`` where there is something at the new path, ``StrataError/Code/damaged`` where
    ///   not even the store's id can be read, and the codes of failed calls.
    public static func salvage(
        from path: String, into newPath: String, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> SalvageReport {
        let (salvage, destination) = try await BlockingReads.run { () throws(StrataError) in
            // Nothing is made for what cannot be salvaged.
            let salvage = try Salvage(of: existingStore(at: path))
            return (salvage, try FileSystemDevice.open(storeAt: newPath, createIfMissing: true))
        }
        return try await run(salvage, into: destination, options: StrataOptions(), progress: progress)
    }

    /// Salvages a store on any device into an empty one.
    package static func salvage(
        from source: any Device, into destination: any Device,
        options: StrataOptions = StrataOptions(), progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> SalvageReport {
        let salvage = try await BlockingReads.run { () throws(StrataError) in try Salvage(of: source) }
        return try await run(salvage, into: destination, options: options, progress: progress)
    }

    private static func run(
        _ salvage: Salvage, into destination: any Device, options: StrataOptions,
        progress: @escaping @Sendable (JobProgress) -> Void
    ) async throws(StrataError) -> SalvageReport {
        let opened = try await BlockingReads.run { () throws(StrataError) in
            // Where there is something, not even the lock may be made.
            try StoreCreation.checkEmptiness(of: destination)
            let lock = try WriterLock.take(on: destination)
            // Until then somebody may have made a store.
            try StoreCreation.checkEmptiness(of: destination)
            try SalvageMarker.write(on: destination)
            return try WriterOpening(on: destination, options: options, isSalvage: true).run(holding: lock)
        }
        // The log gives its hold of the lock up before the snapshots are there.
        defer { withExtendedLifetime(opened.lock) {} }
        let log = SegmentLog(opened, options: options)
        var salvage = try await log.fill(from: salvage, progress: progress)
        let snapshots = SnapshotLog(
            SnapshotScan(storeID: opened.manifest.storeID, on: destination), storeID: opened.manifest.storeID,
            epoch: opened.epoch, options: options, on: destination, holding: opened.lock)
        let count = try await salvage.copySnapshots(to: snapshots)
        // They are not reported before they are durable.
        try await snapshots.mark()
        await snapshots.close()
        try await BlockingReads.run { () throws(StrataError) in try SalvageMarker.remove(from: destination) }
        return salvage.report(snapshots: count)
    }
}
