extension StrataStore {
    /// Does for a store what can be done without giving up an event that was acknowledged.
    ///
    /// Finds out first what that is, and then does just that: puts a torn tail aside, completes what a crash has cut
    /// off, makes a lost manifest again, and puts damaged snapshots aside. Where events are damaged it changes
    /// nothing; see ``salvage(from:into:progress:)``.
    ///
    /// - Parameters:
    ///   - path: the store's directory.
    ///   - dryRun: only finds out, without the lock and without changing a byte.
    ///   - options: the logger hears of what is put aside.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``, ``StrataError/Code/locked``,
    ///   ``StrataError/Code/unsupportedFormat``, and the codes of failed calls.
    public static func recover(
        at path: String, dryRun: Bool = false, options: StrataOptions = StrataOptions()
    ) async throws(StrataError) -> RecoveryReport {
        try await BlockingReads.run { () throws(StrataError) in
            try recover(on: existingStore(at: path), dryRun: dryRun, options: options)
        }
    }

    /// Recovers a store on any device. May block.
    package static func recover(
        on device: any Device, dryRun: Bool, options: StrataOptions = StrataOptions()
    ) throws(StrataError) -> RecoveryReport {
        let lock = dryRun ? nil : try WriterLock.take(on: device)
        let plan = try RecoveryPlan(for: device)
        guard let lock, plan.unrecoverable.isEmpty else {
            return RecoveryReport(steps: plan.steps, unrecoverable: plan.unrecoverable, isPerformed: false)
        }
        try plan.perform(on: device, holding: lock, options: options)
        return RecoveryReport(steps: plan.steps, unrecoverable: [], isPerformed: true)
    }

    /// The device of a directory that is a store, or was one before its manifest was lost.
    static func existingStore(at path: String) throws(StrataError) -> FileSystemDevice {
        let device = try FileSystemDevice.open(storeAt: path, createIfMissing: false)
        let hasManifest = try device.kindOrFail(of: StoreLayout.manifest) == .file
        let hasSegments = try !ManifestRebuilding.segments(on: device).isEmpty
        guard hasManifest || hasSegments else {
            throw StrataError(.notAStore, "the directory is not a store", path: path)
        }
        return device
    }

    /// The files that recovery has put aside, by name.
    public static func quarantine(at path: String) async throws(StrataError) -> [QuarantinedFile] {
        try await BlockingReads.run { () throws(StrataError) in
            try Quarantine(existingStore(at: path)).files()
        }
    }

    /// A part of a file that recovery has put aside, which may be as long as a segment.
    ///
    /// - Parameters:
    ///   - name: as ``quarantine(at:)`` gives it.
    ///   - range: which bytes. Must not begin below 0.
    /// - Returns: the bytes; fewer where the file ends before them.
    /// - Throws: ``StrataError/Code/notFound`` where there is no such file.
    public static func quarantinedContent(
        _ name: String, _ range: Range<Int>, at path: String
    ) async throws(StrataError) -> [UInt8] {
        precondition(range.lowerBound >= 0, "a file begins at 0")
        return try await BlockingReads.run { () throws(StrataError) in
            try Quarantine(existingStore(at: path)).content(of: name, range)
        }
    }

    /// Deletes the files that recovery has put aside. Their bytes are gone then.
    ///
    /// - Returns: the files that were deleted.
    /// - Throws: ``StrataError/Code/locked`` while the store is open for writing.
    public static func purgeQuarantine(at path: String) async throws(StrataError) -> [QuarantinedFile] {
        try await BlockingReads.run { () throws(StrataError) in
            let device = try existingStore(at: path)
            let lock = try WriterLock.take(on: device)
            return try withExtendedLifetime(lock) { () throws(StrataError) in try Quarantine(device).purge() }
        }
    }
}

/// A file that recovery has put aside.
public struct QuarantinedFile: Hashable, Sendable {
    /// Its name in `quarantine/`.
    public let name: String
    public let bytes: Int
}
