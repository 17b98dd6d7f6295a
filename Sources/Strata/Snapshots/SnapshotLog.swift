import EventSourcing
import Logging

/// The files of the snapshots: appends to the last one. Runs on a thread of its own, because that may block.
///
/// Nothing that was stored is ever overwritten or cut: where the last segment does not end properly, the next snapshot
/// begins another.
actor SnapshotLog {
    nonisolated private let executor = BlockingExecutor(label: "strata.snapshots")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let device: any Device
    let index: SnapshotIndex
    /// Of those who ask for snapshots.
    let reader: SnapshotReader?
    let storeID: UInt128
    private let epoch: UInt64
    private let segmentBytes: Int
    private var appendable: SnapshotScan.Open?
    /// Streams of whose snapshots the segments may say something else than the index, once they are read again: a change
    /// failed, and may be there all the same, or a deletion may be gone once the power has been.
    var doubtful: Set<StreamID> = []
    /// Whether that may be so of any stream, because of what an earlier process has failed to do.
    private let mayHideChanges: Bool
    /// Where this process has begun to write: no such change stands behind.
    private var ownStart: (segment: UInt64, offset: Int)?
    /// Snapshots that did not verify when they were asked for, so that the one before was looked for.
    private var fallenBackFrom: Set<SnapshotIndex.Entry> = []
    private var lastNumber: UInt64
    private var segment: SnapshotSegment?
    /// How many segments were given up because of a call that failed: what this process has written to them may be gone.
    private(set) var segmentsGivenUp = 0
    private var isClosed = false
    /// The writer's lock, until ``close()``: somebody may keep the snapshots and drop everything else.
    private var lock: WriterLock?
    /// Whether something in the segments was found damaged: then they stay as they are, until recovery puts them aside.
    private(set) var isDamaged: Bool

    /// - Parameters:
    ///   - reader: nil where nobody asks for snapshots.
    ///   - lock: the writer's.
    init(
        _ scan: SnapshotScan, _ reader: SnapshotReader? = nil, storeID: UInt128, epoch: UInt64, options: StrataOptions,
        on device: any Device, holding lock: WriterLock
    ) {
        self.lock = lock
        self.reader = reader
        self.device = device
        self.storeID = storeID
        self.epoch = epoch
        index = scan.index
        segmentBytes = options.segmentBytes
        appendable = scan.appendable
        mayHideChanges = scan.mayHideChanges
        lastNumber = scan.lastNumber
        isDamaged = !scan.damage.isEmpty
    }

    /// Appends a snapshot, unless a newer one is kept. It is not synced: losing it costs a replay, as long as the events are
    /// there, and before they go ``makeDurable(_:)`` does. Where they have gone and no snapshot stands for them, it is.
    ///
    /// - Parameter firstLiveVersion: of the stream's events.
    func save(_ snapshot: Snapshot, body: [UInt8], firstLiveVersion: Int = 1) throws(StrataError) {
        guard index.accepts(snapshot) else { return }
        let standsFor = index[snapshot.stream]?.version ?? 0
        var header = frameHeader(.snapshot)
        header.firstVersion = snapshot.version
        let (number, offset) = try append(header, of: snapshot.stream, body: body)
        if firstLiveVersion > 1, standsFor < firstLiveVersion { try syncOrTakeBack(offset, of: snapshot.stream) }
        index[snapshot.stream] = SnapshotIndex.Entry(
            segment: number, offset: offset, frameLength: Format.frameHeaderBytes + body.count,
            version: snapshot.version, schemaVersion: snapshot.schemaVersion, createdAt: snapshot.createdAt,
            contentType: snapshot.contentType, stateLength: snapshot.state.count)
    }

    /// Makes the last frame durable, or sees to it that it does not come back: its caller is told that it was not saved.
    private func syncOrTakeBack(_ offset: Int, of stream: StreamID) throws(StrataError) {
        let file = segment?.file
        do throws(StrataError) { try sync() } catch {
            doubtful.formUnion([stream])
            try? file?.erase(behind: offset)
            throw error
        }
    }

    /// Deletes the snapshots of streams, durably: they do not come back after a loss of power.
    ///
    /// - Returns: how many of the streams had one.
    func delete(_ streams: [StreamID]) throws(StrataError) -> Int {
        let present = streams.count { index[$0] != nil }
        // A segment that could not be read may hold one, and the next process may be able to read it.
        let deleted = streams.filter { index[$0] != nil || doubtful.contains($0) || isDamaged || mayHideChanges }
        guard !deleted.isEmpty else { return 0 }
        do throws(StrataError) {
            for stream in deleted {
                _ = try append(
                    frameHeader(.snapshotDeletion), of: stream,
                    body: AggregateTypeBody.encode(aggregateType: stream.aggregateType))
            }
            // Until then they are there, so that a deletion that failed is not taken for one that was made.
            try sync()
        } catch {
            doubtful.formUnion(deleted)
            throw error
        }
        for stream in deleted { index[stream] = nil }
        doubtful.subtract(deleted)
        return present
    }

    /// Deletes the snapshots of a type, durably, also those that count for nothing now and may come back.
    ///
    /// - Returns: how many streams had one.
    func deleteAll(ofType aggregateType: String, schemaVersionBelow bound: Int) throws(StrataError) -> Int {
        let counting = index.all.filter { $1.schemaVersion < bound }.map(\.key)
        let hidden = doubtful.filter { index[$0] == nil }
        return try delete((counting + hidden).filter { $0.aggregateType == aggregateType })
    }

    /// Deletes a stream's snapshot, durably, if it is still the one that counts; returns whether it was.
    func delete(_ entry: SnapshotIndex.Entry, of stream: StreamID) throws(StrataError) -> Bool {
        guard index[stream] == entry else { return false }
        return try delete([stream]) > 0
    }

    /// Makes a stream's snapshot durable, if there is one: the events that it was made of are about to be released.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it does not verify, beside the codes of failed calls.
    func makeDurable(_ stream: StreamID) throws(StrataError) {
        guard !isClosed else { throw StrataError(.closed, "the store is closed", path: device.path) }
        try continueLastSegment()
        guard let entry = index[stream] else { return }
        if doubtful.contains(stream) || mayHideChanges && !isOwn(entry) {
            // What failed may stand behind it; behind that the snapshot counts.
            guard try store(entry, of: stream) else { throw unverifiable(entry) }
            try sync()
            doubtful.remove(stream)
        } else if entry.segment == segment?.number {
            try sync()
        } else {
            // What an earlier process has written, or a sync that failed, may be in the page cache alone. The file's name
            // is durable since before it held a snapshot.
            let file = try StoreFile(StoreLayout.snapshotSegment(entry.segment), .readWrite, on: device)
            guard try entry.frame(in: file, storeID: storeID) != nil else { throw unverifiable(entry) }
            try file.makeDurable(from: entry.offset, to: entry.offset + entry.frameLength)
        }
    }

    /// Whether this process has written a snapshot.
    private func isOwn(_ entry: SnapshotIndex.Entry) -> Bool {
        ownStart.map { $0 <= (entry.segment, entry.offset) } ?? false
    }

    func unverifiable(_ entry: SnapshotIndex.Entry) -> StrataError {
        StrataError(
            .damaged, "the stream's snapshot does not verify; without it the events are needed",
            path: device.path(of: StoreLayout.snapshotSegment(entry.segment)), offset: entry.offset)
    }

    /// What an opening would take for the snapshots that count, asked where one of them does not verify any more: a sync that
    /// failed may have taken it, and then the one before it counts.
    func scanAgain() throws(StrataError) -> SnapshotIndex {
        var scan = SnapshotScan(storeID: storeID, on: device)
        try scan.run()
        if !scan.damage.isEmpty { isDamaged = true }
        return scan.index
    }

    /// Has the snapshot count, if there is one, that stands before one that does not verify any more.
    func fallBack(from entry: SnapshotIndex.Entry, of stream: StreamID) throws(StrataError) {
        // All segments are read once, not whenever it is asked for.
        guard index[stream] == entry, fallenBackFrom.insert(entry).inserted else { return }
        if let older = try scanAgain()[stream] { index[stream] = older }
    }

    /// Appends a copy of a stream's snapshot, which takes the place of the one that counted; returns false where it does not
    /// verify, and then nothing has changed.
    func store(_ entry: SnapshotIndex.Entry, of stream: StreamID) throws(StrataError) -> Bool {
        let file = try StoreFile(StoreLayout.snapshotSegment(entry.segment), .read, on: device)
        guard let (header, body) = try entry.frame(in: file, storeID: storeID) else { return false }
        let place = try append(header, of: stream, body: body)
        index[stream] = entry.moved(to: place.number, place.offset)
        return true
    }

    /// Has snapshots that know of events which the log does not have count no longer, durably.
    ///
    /// - Parameter ahead: their streams, each with the older snapshot that counts in its place, if there is one.
    func takeBack(_ ahead: [StreamID: SnapshotIndex.Entry?]) throws(StrataError) {
        var withoutOlder: [StreamID] = []
        for (stream, older) in ahead {
            // Behind the other one: the last one counts.
            let counts = if let older { try store(older, of: stream) } else { false }
            if !counts { withoutOlder.append(stream) }
        }
        _ = try delete(withoutOlder)
        try sync()
    }

    /// Takes no more changes. Marks the end of the segment, so that damage to it can be told from what a crash leaves;
    /// where that fails, nothing is lost but that.
    func close() {
        isClosed = true
        try? mark()
        segment = nil
        lock = nil
    }

    private func frameHeader(_ kind: FrameKind) -> FrameHeader {
        FrameHeader(kind: kind, epoch: epoch, durableMark: 0, storedAt: device.now())
    }

    /// Makes everything written durable. Where that fails, the pages may be gone: no frame may follow them that says
    /// that they are not.
    private func sync() throws(StrataError) {
        do { try segment?.sync() } catch {
            giveUpSegment()
            throw error
        }
    }

    private func giveUpSegment() {
        segment = nil
        segmentsGivenUp += 1
    }

    func mark() throws(StrataError) {
        guard segment?.isMarked == false else { return }
        try sync()
        try write(frameHeader(.mark), body: [])
        try sync()
    }

    func append(
        _ header: FrameHeader, of stream: StreamID, body: [UInt8]
    ) throws(StrataError) -> (number: UInt64, offset: Int) {
        guard !isClosed else { throw StrataError(.closed, "the store is closed", path: device.path) }
        var header = header
        header.epoch = epoch
        header.aggregateID = stream.id.bits
        header.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
        header.bodyLength = body.count
        header.bodyChecksum = Checksum.crc32c(body.span.bytes)
        try makeRoom(for: header.frameLength)
        do throws(StrataError) { return try write(header, body: body) } catch {
            doubtful.insert(stream)
            throw error
        }
    }

    /// Writes a frame at the segment's end.
    @discardableResult
    private func write(_ header: FrameHeader, body: [UInt8]) throws(StrataError) -> (number: UInt64, offset: Int) {
        guard var segment else { throw StrataError(.closed, "the snapshots' segment is closed", path: device.path) }
        let end = segment.end
        let offset: Int
        do { offset = try segment.append(header, body: body) } catch {
            // What was written of it may stay behind, and no frame may follow it. But it should not: the snapshot would
            // come back after a crash although its caller was told that it was not saved.
            giveUpSegment()
            try? segment.file.erase(behind: end)
            throw error
        }
        if ownStart == nil { ownStart = (segment.number, offset) }
        self.segment = segment
        return (segment.number, offset)
    }

    private func makeRoom(for length: Int) throws(StrataError) {
        try continueLastSegment()
        if segment?.hasRoom(for: length, in: segmentBytes) == true { return }
        // Deletions in it must be durable before anything can follow elsewhere.
        try mark()
        segment = try begin(lastNumber + 1)
    }

    /// Ends the segment that is appended to, and begins the next; returns its number.
    func beginNewSegment() throws(StrataError) -> UInt64 {
        guard !isClosed else { throw StrataError(.closed, "the store is closed", path: device.path) }
        try continueLastSegment()
        try mark()
        let next = try begin(lastNumber + 1)
        segment = next
        return next.number
    }

    /// Continues the segment that the last writer appended to, if there is one that ends properly. Only once: where
    /// making it durable fails, what the scan has seen of it may be gone.
    private func continueLastSegment() throws(StrataError) {
        guard let open = appendable else { return }
        appendable = nil
        segment = try reopen(open)
    }

    /// Opens a segment that may be in the page cache alone: its last writer may have died before it synced.
    private func reopen(_ open: SnapshotScan.Open) throws(StrataError) -> SnapshotSegment {
        let file = try StoreFile(StoreLayout.snapshotSegment(open.number), .readWrite, on: device)
        try file.makeDurable(from: open.durableMark, to: open.end)
        try device.syncDirectoryOrFail(StoreLayout.snapshots)
        return SnapshotSegment(file, number: open.number, storeID: storeID, end: open.end)
    }

    private func begin(_ number: UInt64) throws(StrataError) -> SnapshotSegment {
        // Not again, whatever becomes of it.
        lastNumber = number
        return try SnapshotSegment.create(number, storeID: storeID, epoch: epoch, on: device)
    }
}
