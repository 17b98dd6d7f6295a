extension StrataStore {
    /// Makes a consistent copy of a store, or brings an older one up to date; works beside a running writer, its
    /// compaction and its readers.
    ///
    /// The backup is a store's directory: it can be verified, and opened for reading. It holds every event that a reader
    /// beside the writer could see when the log's end was copied, and each stream's latest snapshot that fits these
    /// events. Segments that it takes over are read back and checked. Where an older backup of the same store is at the
    /// destination, segments that it has already are kept; it stays whole until the new one is complete, with perhaps more of
    /// its last segment, whenever the backup is cut off, and the next backup goes on from there. Whoever opens a backup for writing makes a store of it,
    /// into which no further backup is made.
    ///
    /// - Parameters:
    ///   - path: the store's directory.
    ///   - destination: a directory that is not there, is empty, or holds a backup of the same store.
    ///   - options: whether files are shared with the store.
    ///   - progress: called now and then, from any thread.
    /// - Throws: ``StrataError/Code/cannotCreate`` where the destination holds anything else, or a backup of another
    ///   store or of another life of this one; ``StrataError/Code/locked`` where another backup is being made there;
    ///   ``StrataError/Code/damaged`` where the store is; ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``,
    ///   ``StrataError/Code/unsupportedFormat``, and the codes of failed calls.
    public static func backup(
        of path: String, to destination: String, options: BackupOptions = BackupOptions(),
        progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> BackupReport {
        try await BlockingReads.run { () throws(StrataError) in
            let source = try FileSystemDevice.open(storeAt: path, createIfMissing: false)
            guard try Manifest.read(from: source) != nil else {
                throw StrataError(.notAStore, "the directory is not a store", path: path)
            }
            let target = try FileSystemDevice.open(storeAt: destination, createIfMissing: true)
            return try backup(of: source, to: target, options: options, progress: progress)
        }
    }

    /// Makes a backup on any device. May block.
    package static func backup(
        of source: any Device, to destination: any Device, options: BackupOptions = BackupOptions(),
        progress: @escaping (JobProgress) -> Void = { _ in }
    ) throws(StrataError) -> BackupReport {
        var backup = Backup(of: source, to: destination, options, progress: progress)
        return try backup.run()
    }

    /// Makes a store of a backup, or of any other store that nobody has open for writing.
    ///
    /// Everything is copied, so that the backup and the store have nothing in common, and read back and checked before
    /// the new directory counts as a store. The store keeps its identity: it is the same store in another place.
    ///
    /// - Parameters:
    ///   - backup: the backup's directory.
    ///   - path: where the store is made; there must be nothing, or an empty directory.
    ///   - progress: called now and then, from any thread.
    /// - Throws: ``StrataError/Code/cannotCreate`` where there is something at the path, ``StrataError/Code/locked``
    ///   where somebody writes to the backup or makes a store at the path, ``StrataError/Code/damaged`` where the backup
    ///   is, ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``, ``StrataError/Code/unsupportedFormat``, and
    ///   the codes of failed calls.
    public static func restore(
        _ backup: String, to path: String, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> BackupReport {
        try await BlockingReads.run { () throws(StrataError) in
            let source = try FileSystemDevice.open(storeAt: backup, createIfMissing: false)
            guard try Manifest.read(from: source) != nil else {
                throw StrataError(.notAStore, "the directory is not a backup", path: backup)
            }
            let target = try FileSystemDevice.open(storeAt: path, createIfMissing: true)
            return try restore(source, to: target, progress: progress)
        }
    }

    /// Restores a backup on any device. May block.
    package static func restore(
        _ backup: any Device, to destination: any Device, progress: @escaping (JobProgress) -> Void = { _ in }
    ) throws(StrataError) -> BackupReport {
        var restoration = Restoration(of: backup, to: destination, progress: progress)
        return try restoration.run()
    }
}
