import EventSourcing
import Logging

/// An event store and a snapshot store in one directory.
///
/// ```swift
/// let store = try await StrataStore.open(at: "orders.strata")
/// try await store.events.append([event], to: stream, expecting: .noStream)
/// try await store.close()
/// ```
///
/// Dropping an open store without closing it loses nothing that was acknowledged. Whatever is kept of it, its events or its
/// snapshots, keeps the store open.
public final class StrataStore: Sendable {
    /// The events: the source of truth.
    public let events: StrataEventStore
    /// The snapshots: a cache of aggregates' states.
    public let snapshots: StrataSnapshotStore

    /// What was damaged in the log when the store was opened; empty unless it was opened for reading only. Events
    /// that it took are missing from reads, or have them fail.
    public let damage: [Damage]

    let device: any Device
    let reader: LogReader
    var index: LogIndex { reader.index }
    let snapshotIndex: SnapshotIndex
    let storeID: UInt128
    /// The manifest's.
    let formatVersion: UInt16
    private let writer: LogWriter?
    private let snapshotLog: SnapshotLog?
    let compactor: Compactor?
    let sidecars: SidecarFiles
    let lifetime: StoreLifetime

    private init(
        device: any Device, reader: LogReader, manifest: Manifest, sidecars: SidecarFiles, writer: LogWriter?,
        snapshotReader: SnapshotReader, snapshotLog: SnapshotLog?, snapshotRefresh: SnapshotRefresh? = nil,
        compactor: Compactor? = nil, damage: [Damage] = [], logger: Logger
    ) {
        self.damage = damage
        self.compactor = compactor
        self.sidecars = sidecars
        self.device = device
        self.reader = reader
        self.writer = writer
        self.snapshotLog = snapshotLog
        storeID = manifest.storeID
        snapshotIndex = snapshotReader.index
        lifetime = StoreLifetime()
        formatVersion = manifest.formatVersion
        events = StrataEventStore(
            reader: reader, writer: writer, snapshots: snapshotLog, compactor: compactor, lifetime: lifetime)
        snapshots = StrataSnapshotStore(
            reader: snapshotReader, events: reader.index, log: snapshotLog, refresh: snapshotRefresh,
            lifetime: lifetime, logger: logger)
    }

    /// Opens a store, and makes it where there is none and the options say so.
    ///
    /// Reads the manifest, the sidecar of each sealed segment, and the active segment: it takes time proportional to the
    /// number of segments, not of events. A segment whose sidecar is missing, damaged or older than its file is read
    /// from end to end, and gets another sidecar where the store is opened for writing. That moves a torn tail to
    /// quarantine, too, and makes durable what it found.
    ///
    /// - Parameters:
    ///   - path: the store's directory, conventionally `NAME.strata`.
    ///   - options: who may change the store, and what an append promises.
    /// - Throws: ``StrataError/Code/notFound``, ``StrataError/Code/notAStore``,
    ///   ``StrataError/Code/unsupportedFormat``, ``StrataError/Code/locked`` with the holder's process id,
    ///   ``StrataError/Code/damaged`` with all that was found (opening for writing only; nothing was changed),
    ///   ``StrataError/Code/permissionDenied``, ``StrataError/Code/cannotCreate``,
    ///   ``StrataError/Code/invalidArgument``, and the codes of failed calls.
    public static func open(
        at path: String, options: StrataOptions = StrataOptions()
    ) async throws(StrataError) -> StrataStore {
        try options.check()
        let mayCreate = options.access == .readWrite && options.createIfMissing
        let device = try await BlockingReads.run { () throws(StrataError) in
            try FileSystemDevice.open(
                storeAt: path, createIfMissing: mayCreate, permissions: options.permissions)
        }
        return try await open(on: device, options: options)
    }

    /// Opens a store on any device.
    package static func open(
        on device: any Device, options: StrataOptions
    ) async throws(StrataError) -> StrataStore {
        switch options.access {
        case .readWrite: try await openForWriting(on: device, options)
        case .readOnly:
            try await BlockingReads.run { () throws(StrataError) in try openForReading(on: device, options) }
        }
    }

    private static func openForWriting(
        on device: any Device, _ options: StrataOptions
    ) async throws(StrataError) -> StrataStore {
        let (opened, reader, scan, ahead) = try await BlockingReads.run { () throws(StrataError) in
            let opened = try WriterOpening(on: device, options: options).run()
            var scan = SnapshotScan(storeID: opened.manifest.storeID, on: device)
            try scan.run()
            let reader = LogReader(index: opened.index, sidecars: opened.sidecars)
            let ahead = try scan.aheadOfStreams(reader)
            // What the index lacks would make snapshots look ahead of their streams.
            guard !opened.index.isIncomplete else { throw damaged(opened.index, device) }
            return (opened, reader, scan, ahead)
        }
        let log = SegmentLog(opened, options: options)
        // From now on, damage to what was just read can never be taken for a torn tail.
        do throws(LogFailure) { try await log.markIfRoom() } catch { throw error.error }
        let snapshotReader = SnapshotReader(index: scan.index, storeID: opened.manifest.storeID, device: device)
        let snapshotLog = SnapshotLog(
            scan, snapshotReader, storeID: opened.manifest.storeID, epoch: opened.epoch, options: options, on: device,
            holding: opened.lock)
        try await snapshotLog.takeBack(ahead)
        let compactor = Compactor(
            log: log, snapshots: snapshotLog, reader: reader, sidecars: opened.sidecars, logger: options.logger)
        if let automatic = options.automaticCompaction {
            compactor.runAutomatically(automatic, after: log.sealings)
        }
        return StrataStore(
            device: device, reader: reader, manifest: opened.manifest, sidecars: opened.sidecars,
            writer: LogWriter(
                log: log, firstFreePosition: opened.segment.lastPosition + 1, reader: reader, device: device,
                options: options),
            snapshotReader: snapshotReader, snapshotLog: snapshotLog,
            compactor: compactor, logger: options.logger)
    }

    /// Segments that turned out to be damaged when their sidecars could not be believed.
    private static func damaged(_ index: LogIndex, _ device: any Device) -> StrataError {
        let damage = index.sealedSegments.filter(\.isDamaged).map {
            Damage(file: $0.identity.name, offset: 0, reason: "the segment is not whole")
        }
        return WriterOpening.damaged(damage, device)
    }

    private static func openForReading(
        on device: any Device, _ options: StrataOptions
    ) throws(StrataError) -> StrataStore {
        let opening = ReaderOpening(on: device, options: options)
        let segments = try SnapshotScan.segments(on: device)
        let (log, sidecars) = try opening.run()
        let refresh = ReaderRefresh(log.index, opening)
        let reader = LogReader(index: log.index, sidecars: sidecars, refresh: refresh)
        let storeID = log.manifest.storeID
        let scan = try SnapshotScan.ofReader(reader, having: segments, refresh, storeID: storeID, on: device)
        let snapshotReader = SnapshotReader(index: scan.index, storeID: storeID, device: device)
        return StrataStore(
            device: device, reader: reader, manifest: log.manifest, sidecars: sidecars, writer: nil,
            snapshotReader: snapshotReader, snapshotLog: nil,
            snapshotRefresh: SnapshotRefresh(snapshotReader, reader, refresh, storeID: storeID, on: device),
            damage: log.damage, logger: options.logger)
    }

    func checkOpen() throws(StrataError) {
        if lifetime.isOver { throw StrataError(.closed, "the store is closed", path: device.path) }
    }

    /// Ends a compaction under way, waits for appends, marks the end of the log, and gives the store up to others.
    /// Idempotent: later calls have the same outcome.
    ///
    /// Appends that come later fail with `closed`; so do reads.
    ///
    /// - Throws: the codes of failed calls, also of a sync in the background that has failed before, where nobody has been told of
    ///   it and what was acknowledged as `written` may be gone. The store is closed all the same.
    public func close() async throws(StrataError) {
        lifetime.close()
        await compactor?.close()
        await snapshotLog?.close()
        try await writer?.close()
    }
}

extension StrataOptions {
    fileprivate func check() throws(StrataError) {
        guard (64 << 10...2 << 30).contains(segmentBytes) else {
            throw StrataError(.invalidArgument, "a segment has 64 KiB to 2 GiB, not \(segmentBytes) bytes")
        }
        guard (0...1 << 30).contains(preallocatedBytes) else {
            throw StrataError(.invalidArgument, "0 to 1 GiB are preallocated, not \(preallocatedBytes) bytes")
        }
        try automaticCompaction?.check()
    }
}

extension FileSystemDevice {
    /// The device of a store's directory, which is made if it may be.
    static func open(
        storeAt path: String, createIfMissing: Bool, permissions: StrataOptions.Permissions = .owner
    ) throws(StrataError) -> FileSystemDevice {
        do {
            switch try kind(ofPath: path) {
            case .directory: break
            case .file, .other: throw StrataError(.notAStore, "there is a file, not a store's directory", path: path)
            case nil:
                guard createIfMissing else { throw StrataError(.notFound, "there is no such store", path: path) }
                do { try createDirectory(atPath: path, permissions: permissions) } catch {
                    throw StrataError(creating: error, path: path)
                }
            }
            return try FileSystemDevice(path: path, permissions: permissions)
        } catch let error as SystemError {
            throw StrataError(error, "opening the store's directory failed", path: path)
        } catch let error as StrataError {
            throw error
        } catch {
            throw StrataError(.ioFailure, "opening the store's directory failed: \(error)", path: path)
        }
    }
}

extension StrataError {
    fileprivate init(creating error: SystemError, path: String) {
        let general = StrataError(error, "making the store's directory failed", path: path)
        self.init(
            general.code == .storageFull ? .storageFull : .cannotCreate, general.message, path: path,
            systemErrorNumber: error.number)
    }
}
