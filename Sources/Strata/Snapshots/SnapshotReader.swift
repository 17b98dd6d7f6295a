import EventSourcing
import FoundationEssentials

/// Reads snapshots through the index and straight from the segments. Calls may block.
struct SnapshotReader: Sendable {
    let index: SnapshotIndex
    private let storeID: UInt128
    private let files: SegmentFiles

    init(index: SnapshotIndex, storeID: UInt128, device: any Device) {
        self.index = index
        self.storeID = storeID
        files = SegmentFiles(on: device, capacity: 16)
    }

    /// The snapshot that an entry stands for.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it does not verify.
    func snapshot(_ entry: SnapshotIndex.Entry) throws(StrataError) -> Snapshot {
        let file = try files.file(StoreLayout.snapshotSegment(entry.segment))
        let bytes = try file.read(entry.frameLength, at: entry.offset)
        guard let snapshot = decode(bytes.span.bytes, entry) else {
            throw StrataError(.damaged, "a snapshot does not verify", path: file.path, offset: entry.offset)
        }
        return snapshot
    }

    private func decode(_ bytes: RawSpan, _ entry: SnapshotIndex.Entry) -> Snapshot? {
        guard bytes.byteCount == entry.frameLength, entry.frameLength >= Format.frameHeaderBytes else { return nil }
        let binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: entry.segment)
        let bodyBytes = bytes.extracting(Format.frameHeaderBytes..<bytes.byteCount)
        guard
            let header = FrameHeader(
                decoding: bytes.extracting(0..<Format.frameHeaderBytes), at: entry.offset, binding: binding),
            header.kind == .snapshot, header.verifies(body: bodyBytes),
            let body = SnapshotBody(decoding: bodyBytes, header: header), let state = body.state(in: bodyBytes)
        else { return nil }
        return Snapshot(
            stream: StreamID(body.aggregateType, UUID(bits: header.aggregateID)), version: header.firstVersion,
            schemaVersion: body.schemaVersion, createdAt: body.createdAt, contentType: body.contentType, state: state)
    }
}
