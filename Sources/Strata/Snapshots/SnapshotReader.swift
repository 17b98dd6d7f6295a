import EventSourcing
import FoundationEssentials

/// Reads snapshots through the index and straight from the segments. Calls may block.
struct SnapshotReader: Sendable {
    let index: SnapshotIndex
    private let storeID: UInt128
    private let device: any Device
    private let files = SegmentFiles<String>(capacity: 16)

    init(index: SnapshotIndex, storeID: UInt128, device: any Device) {
        self.index = index
        self.storeID = storeID
        self.device = device
    }

    /// Lets go of segments that a compaction has removed: as long as somebody has its file open, the disk keeps it.
    ///
    /// - Parameter segments: those that there are.
    func closeOthers(than segments: some Sequence<UInt64>) {
        let names = Set(segments.map(StoreLayout.snapshotSegment))
        files.close { !names.contains($0) }
    }

    /// The snapshot that an entry stands for.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it does not verify.
    func snapshot(_ entry: SnapshotIndex.Entry) throws(StrataError) -> Snapshot {
        let name = StoreLayout.snapshotSegment(entry.segment)
        let content = try files.content(name) { () throws(StrataError) in
            let file = try StoreFile(name, .read, on: device)
            guard try file.length() > 0 else {
                throw StrataError(.notFound, "the segment has been removed", path: file.path)
            }
            return SegmentContent(
                file, binding: ChecksumBinding(storeID: storeID, kind: .snapshots, number: entry.segment))
        }
        let bytes = try content.read(entry.frameLength, at: entry.offset)
        guard let snapshot = decode(bytes.span.bytes, entry, content.binding) else {
            throw StrataError(.damaged, "a snapshot does not verify", path: content.path, offset: entry.offset)
        }
        return snapshot
    }

    private func decode(_ bytes: RawSpan, _ entry: SnapshotIndex.Entry, _ binding: ChecksumBinding) -> Snapshot? {
        guard bytes.byteCount == entry.frameLength, entry.frameLength >= Format.frameHeaderBytes else { return nil }
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
