import EventSourcing
import Logging
import Synchronization

/// The files of the log: lays appends out as frames, writes and syncs them, and shows them to readers.
///
/// Runs on a thread of its own, because all of this may block. What it does is one step of the group commit: while
/// it writes and syncs one batch, ``LogWriter`` gathers the next.
actor SegmentLog {
    private static let longestRun = 16 << 20
    nonisolated private let executor = BlockingExecutor(label: "strata.log")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated let entrance: any TaskExecutor

    let device: any Device
    nonisolated let directory: SegmentDirectory
    let index: LogIndex
    let durability: StrataOptions.DurabilityMode
    /// Simulations know no time.
    private let syncsByTimer: Bool
    private let segmentBytes: Int
    let logger: Logger
    var isClosed: Bool { lock == nil }

    /// The writer's lock, held as long as this object lives or until ``close()``.
    private var lock: WriterLock?
    var manifest: Manifest
    /// Whether the page cache alone may have the manifest: a loss of power could bring one back that does not list the segment.
    private var owesManifest: Bool
    var segment: ActiveSegment
    /// Drawn when the store was opened; frames of another epoch are from another writer.
    let epoch: UInt64
    /// Whether a frame in the segment says that this epoch has begun.
    var hasOpened = false
    private var buffer: [UInt8] = []
    /// Room in the segment's file ahead of its end.
    var reservation: SegmentReservation
    /// Why nothing can be written any more: what is on the device is not known. Appends, marks and compactions all ask.
    private(set) var failure: LogFailure?
    let sidecars: SidecarWriter
    /// Tells of segments that were sealed; ends when the log is closed.
    nonisolated let sealings: AsyncStream<Void>
    let didSeal: AsyncStream<Void>.Continuation

    init(_ opened: OpenedLog, options: StrataOptions) {
        entrance = executor.entrance
        device = opened.device
        directory = opened.directory
        index = opened.index
        durability = options.durability
        syncsByTimer = Simulation.thread == nil
        segmentBytes = options.segmentBytes
        logger = options.logger
        // Only syncs are faster for it.
        reservation = SegmentReservation(step: options.durability == .commit ? options.preallocatedBytes : 0)
        lock = opened.lock
        manifest = opened.manifest
        owesManifest = opened.owesManifest
        segment = opened.segment
        epoch = opened.epoch
        (sealings, didSeal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        sidecars = SidecarWriter(opened.index, opened.sidecars)
        for segment in opened.index.segmentsWithoutSidecar { sidecars.add(segment) }
        sidecars.groupFilters()
    }

    deinit {
        didSeal.finish()
        guard case .interval = durability, syncsByTimer, lock != nil, failure == nil else { return }
        // Whoever drops the store relies on the interval all the same, and nobody else is left to sync.
        do throws(StrataError) { try segment.file.sync() } catch {
            logger.error("what was written last could not be synced", metadata: ["error": "\(error)"])
        }
    }

    /// What became of a batch.
    struct Outcome: Sendable {
        /// How many entries, from the front of the batch, are stored as the durability mode demands.
        var stored = 0
        /// Why the others are not.
        var failure: LogFailure?
        /// How long the device took to make them durable.
        var syncTime = Duration.zero
    }

    /// Stores entries in order and shows them to readers.
    func store(_ batch: [LogEntry]) -> Outcome {
        var outcome = Outcome()
        while outcome.stored < batch.count {
            do throws(LogFailure) {
                if let failure { throw failure }
                if owesManifest { try install(manifest) }
                let rest = batch[outcome.stored...]
                try makeRoom(for: rest[rest.startIndex])
                outcome.stored += try storeRun(rest, timing: &outcome.syncTime)
            } catch {
                outcome.failure = error
                break
            }
        }
        return outcome
    }

    /// Puts a manifest in the place of the one that is there; where there is no room for it, nothing has changed.
    func install(_ manifest: Manifest) throws(LogFailure) {
        do { try device.writeReplacement(of: StoreLayout.manifest, with: manifest.encoded()) } catch {
            throw .undone(error)
        }
        try installWritten()
    }

    /// Puts the manifest that was written in the place of the one that is there.
    func installWritten() throws(LogFailure) {
        // Which manifest is there is not known then, and what is appended from now on may depend on it.
        do { try device.installReplacement(of: StoreLayout.manifest) } catch { throw stop(after: error) }
        owesManifest = false
    }

    /// Begins a new segment where the next entry would make this one too long.
    private func makeRoom(for next: LogEntry) throws(LogFailure) {
        let length = openFrameLength + next.frameLength
        guard segment.end + length > segmentBytes else { return }
        guard segment.commitCount > 0 else {
            // A segment without events cannot be sealed: releases alone fill it up to its bound.
            let bound = Format.longestSegment - Format.longestBody - 2 * Format.frameHeaderBytes
            guard case .release = next, segment.end + length > bound else { return }
            throw .undone(
                StrataError(
                    .storageFull, "the segment has no room for releases until an event comes", path: device.path))
        }
        guard manifest.sealed.count + 1 < Format.mostSegments else {
            throw .undone(
                StrataError(
                    .storageFull,
                    "the store has \(Format.mostSegments) segments, and there cannot be more; "
                        + "larger segments hold more", path: device.path))
        }
        try rollOver(to: UInt64(segment.lastPosition + 1))
    }

    /// Gives no position out any more up to one, although no event has it: the next segment begins behind it. A segment without
    /// events cannot be sealed, and then nothing is reserved.
    func reserve(through position: Int) throws(LogFailure) {
        guard
            position > segment.lastPosition, segment.commitCount > 0, UInt64(position) + 1 < UInt64(Format.numberLimit),
            manifest.sealed.count + 1 < Format.mostSegments
        else { return }
        try rollOver(to: UInt64(position) + 1)
    }

    private var openFrameLength: Int { hasOpened ? 0 : Format.frameHeaderBytes + Format.openBodyBytes }

    /// Stores as many entries as the segment and the buffer have room for, at least one; returns how many.
    private func storeRun(
        _ batch: ArraySlice<LogEntry>, timing syncTime: inout Duration
    ) throws(LogFailure) -> Int {
        buffer.removeAll(keepingCapacity: true)
        var added = segment
        encodeOpenFrame(into: &buffer, &added)
        var entries: [PlacedEntry] = []
        for entry in batch {
            let length = entry.frameLength
            let isFirst = entries.isEmpty
            guard isFirst || (added.end + length <= segmentBytes && buffer.count + length <= Self.longestRun)
            else { break }
            entries.append(PlacedEntry(entry: entry, offset: added.end))
            encode(entry, into: &buffer, &added)
        }
        reservation.extend(segment.file, behind: segment.end, through: added.end, upTo: segmentBytes)
        try write(buffer)
        hasOpened = true
        added.isMarked = false
        segment = added
        if durability == .commit {
            let start = ContinuousClock.now
            try sync()
            syncTime += ContinuousClock.now - start
        }
        publish(entries)
        return entries.count
    }

    private func encode(_ entry: LogEntry, into buffer: inout [UInt8], _ segment: inout ActiveSegment) {
        let header = FrameHeader(
            entry, epoch: epoch, durableMark: segment.syncedEnd, isSynced: durability == .commit)
        switch entry {
        case .release(let stamped): segment.append(header, body: stamped.release.body, to: &buffer)
        case .commit(let positioned):
            segment.append(header, body: positioned.commit.body, to: &buffer)
            segment.eventCount += header.eventCount
            segment.commitCount += 1
            segment.lastPosition = header.firstPosition + header.eventCount - 1
        }
    }

    /// Says that this epoch has begun, if nothing in the segment does.
    func encodeOpenFrame(into buffer: inout [UInt8], _ segment: inout ActiveSegment) {
        guard !hasOpened else { return }
        let body = OpenBody(previousEpoch: segment.epoch).encoded()
        var header = frameHeader(.open, segment)
        header.bodyLength = body.count
        header.bodyChecksum = Checksum.crc32c(body.span.bytes)
        segment.append(header, body: body, to: &buffer)
        segment.epoch = epoch
    }

    func frameHeader(_ kind: FrameKind, _ segment: ActiveSegment) -> FrameHeader {
        FrameHeader(kind: kind, epoch: epoch, durableMark: segment.syncedEnd, storedAt: device.now())
    }

    /// Writes encoded frames at the end of the segment, or leaves the segment as it was.
    func write(_ frames: [UInt8]) throws(LogFailure) {
        do {
            try segment.file.write(frames.span.bytes, at: segment.end)
        } catch {
            throw undoWrite(after: error)
        }
    }

    /// What a failed write means: a full disk leaves the log as it was, and after anything else the state of the
    /// file is not known.
    func undoWrite(after error: StrataError) -> LogFailure {
        error.code == .storageFull ? restoreEnd(after: error) : stop(after: error)
    }

    /// Cuts the file back to the segment's end, durably: bytes of an append that was reported as failed must not come
    /// back to life behind later ones.
    func restoreEnd(after error: StrataError) -> LogFailure {
        do {
            try segment.file.erase(behind: segment.end)
        } catch let second {
            logger.error("a failed write could not be undone", metadata: ["error": "\(second)"])
            return stop(after: error)
        }
        noteSynced()
        reservation.forget()
        return .undone(error)
    }

    /// Writes nothing any more.
    func stop(after error: StrataError) -> LogFailure {
        let failure = LogFailure.final(error)
        self.failure = failure
        logger.error("writing failed, and nothing is written any more", metadata: ["error": "\(error)"])
        return failure
    }

    /// Makes everything written durable. A failure is final: the pages may be gone, and a second sync would lie.
    func sync() throws(LogFailure) {
        if let failure { throw failure }
        guard segment.syncedEnd < segment.end else { return }
        do { try segment.file.sync() } catch { throw stop(after: error) }
        noteSynced()
    }

    private func noteSynced() {
        segment.syncedEnd = segment.end
        index.setDurable(upTo: segment.lastPosition)
    }

    private func publish(_ entries: [PlacedEntry]) {
        let isDurable = durability == .commit
        if entries.contains(where: \.isRelease) { index.noteRelease() }
        index.state.withLock { state in
            for placed in entries {
                let header = FrameHeader(placed.entry, epoch: epoch, durableMark: 0, isSynced: isDurable)
                switch placed.entry {
                case .commit(let positioned): state.add(positioned, header: header, at: placed.offset)
                case .release(let stamped): state.add(stamped, header: header, at: placed.offset)
                }
            }
            if isDurable { state.durablePosition = state.lastPosition }
        }
        index.extendActive(to: segment.end)
    }

    /// Marks the end of the log as complete, so that damage to what stands before it can never be taken for a torn
    /// tail: everything is synced, a frame says so, and is synced itself.
    func mark() throws(LogFailure) {
        try sync()
        guard !segment.isMarked else { return }
        buffer.removeAll(keepingCapacity: true)
        var marked = segment
        if hasOpened {
            marked.append(frameHeader(.mark, segment), body: [], to: &buffer)
        } else {
            encodeOpenFrame(into: &buffer, &marked)
        }
        try write(buffer)
        hasOpened = true
        marked.isMarked = true
        segment = marked
        index.extendActive(to: segment.end)
        try sync()
    }

    /// Marks the end of the log where there is room for it, and gives the lock back.
    func close() throws(LogFailure) {
        defer {
            sidecars.finish()
            lock = nil
        }
        try markIfRoom()
        // Where this fails, or power goes before it is durable, the next opening takes the zeros away.
        if failure == nil { try? reservation.release(segment.file, behind: segment.end) }
        if failure == nil, !owesManifest { lock?.noteOrderlyClose() }
    }

    /// Marks the end of the log; a full disk is no reason to fail, because everything before is durable all the same.
    func markIfRoom() throws(LogFailure) {
        // Somebody else may write by now.
        guard !isClosed else { return }
        do {
            try mark()
        } catch {
            guard case .undone(let cause) = error else { throw error }
            logger.warning("no room to mark the end of the log", metadata: ["error": "\(cause)"])
        }
    }

    /// Gives the lock back without touching the log again.
    func abandon() {
        sidecars.finish()
        lock = nil
    }
}
