import EventSourcing
import Logging

/// The files of the snapshots: appends to the last one. Runs on a thread of its own, because that may block.
///
/// Nothing that was stored is ever overwritten or cut: where the last segment does not end properly, the next snapshot
/// begins another.
actor SnapshotLog {
    nonisolated private let executor = BlockingExecutor(label: "strata.snapshots")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private struct Segment {
        let file: StoreFile
        let number: UInt64
        let binding: ChecksumBinding
        var end: Int
    }

    private let device: any Device
    private let index: SnapshotIndex
    private let storeID: UInt128
    private let epoch: UInt64
    private let segmentBytes: Int
    private var appendable: SnapshotScan.Open?
    private var lastNumber: UInt64
    private var segment: Segment?
    private var isClosed = false

    init(_ scan: SnapshotScan, storeID: UInt128, epoch: UInt64, options: StrataOptions, on device: any Device) {
        self.device = device
        self.storeID = storeID
        self.epoch = epoch
        index = scan.index
        segmentBytes = options.segmentBytes
        appendable = scan.appendable
        lastNumber = scan.lastNumber
    }

    /// Appends a snapshot, unless a newer one is kept. It is not synced: losing it costs a replay.
    func save(_ snapshot: Snapshot, body: [UInt8]) throws(StrataError) {
        guard index.accepts(snapshot) else { return }
        var header = FrameHeader(kind: .snapshot, epoch: epoch, durableMark: 0, storedAt: device.now())
        header.firstVersion = snapshot.version
        let (number, offset) = try append(header, of: snapshot.stream, body: body)
        index[snapshot.stream] = SnapshotIndex.Entry(
            segment: number, offset: offset, frameLength: Format.frameHeaderBytes + body.count,
            version: snapshot.version, schemaVersion: snapshot.schemaVersion, createdAt: snapshot.createdAt,
            contentType: snapshot.contentType, stateLength: snapshot.state.count)
    }

    /// Deletes the snapshots of streams, durably: they do not come back after a loss of power.
    ///
    /// - Returns: how many of the streams had one.
    func delete(_ streams: [StreamID]) throws(StrataError) -> Int {
        let present = streams.filter { index[$0] != nil }
        for stream in present {
            let header = FrameHeader(kind: .snapshotDeletion, epoch: epoch, durableMark: 0, storedAt: device.now())
            _ = try append(
                header, of: stream, body: SnapshotDeletionBody.encode(aggregateType: stream.aggregateType))
            index[stream] = nil
        }
        if !present.isEmpty { try segment?.file.sync() }
        return present.count
    }

    func close() {
        isClosed = true
        segment = nil
    }

    private func append(
        _ header: FrameHeader, of stream: StreamID, body: [UInt8]
    ) throws(StrataError) -> (number: UInt64, offset: Int) {
        guard !isClosed else { throw StrataError(.closed, "the store is closed", path: device.path) }
        var header = header
        header.aggregateID = stream.id.bits
        header.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
        header.bodyLength = body.count
        header.bodyChecksum = Checksum.crc32c(body.span.bytes)
        var segment = try segmentWithRoom(for: header.frameLength)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.frameLength)
        header.encode(into: &bytes, at: segment.end, binding: segment.binding)
        bytes.append(contentsOf: body)
        let offset = segment.end
        do {
            try segment.file.write(bytes.span.bytes, at: offset)
        } catch {
            // What was written of it stays behind, and no frame may follow it.
            self.segment = nil
            try? segment.file.truncate(to: offset)
            throw error
        }
        segment.end += header.frameLength
        self.segment = segment
        return (segment.number, offset)
    }

    private func segmentWithRoom(for length: Int) throws(StrataError) -> Segment {
        if segment == nil, let open = appendable { segment = try reopen(open) }
        appendable = nil
        if let segment, segment.end + length <= segmentBytes || segment.end == Format.segmentHeaderBytes {
            return segment
        }
        // Deletions in it must be durable before anything can follow elsewhere.
        try segment?.file.sync()
        return try begin(lastNumber + 1)
    }

    private func reopen(_ open: SnapshotScan.Open) throws(StrataError) -> Segment {
        Segment(
            file: try StoreFile(StoreLayout.snapshotSegment(open.number), .readWrite, on: device),
            number: open.number,
            binding: ChecksumBinding(storeID: storeID, kind: .snapshots, number: open.number), end: open.end)
    }

    private func begin(_ number: UInt64) throws(StrataError) -> Segment {
        try device.createDirectoryOrFail(StoreLayout.snapshots)
        let header = SegmentHeader(
            kind: .snapshots, storeID: storeID, number: number, epoch: epoch, createdAt: device.now())
        let file = try StoreFile(StoreLayout.snapshotSegment(number), .create, on: device)
        lastNumber = number
        try file.write(header.encoded().span.bytes, at: 0)
        try device.syncDirectoryOrFail(StoreLayout.snapshots)
        return Segment(file: file, number: number, binding: header.binding, end: Format.segmentHeaderBytes)
    }
}
