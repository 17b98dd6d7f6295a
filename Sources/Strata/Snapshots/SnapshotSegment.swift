/// A segment of snapshots that is appended to.
struct SnapshotSegment {
    let file: StoreFile
    let number: UInt64
    private let binding: ChecksumBinding
    private(set) var end: Int
    /// Everything below is durable.
    private(set) var syncedEnd: Int
    /// Whether the last frame says that everything before it is durable.
    private(set) var isMarked = false

    /// - Parameter end: where it ends; everything below is durable.
    init(_ file: StoreFile, number: UInt64, storeID: UInt128, end: Int) {
        self.file = file
        self.number = number
        self.end = end
        binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: number)
        syncedEnd = end
    }

    /// Makes an empty segment, durably.
    static func create(
        _ number: UInt64, storeID: UInt128, epoch: UInt64, on device: any Device
    ) throws(StrataError) -> SnapshotSegment {
        let header = SegmentHeader(
            kind: .snapshots, storeID: storeID, number: number, epoch: epoch, createdAt: device.now())
        let name = StoreLayout.snapshotSegment(number)
        let file = try StoreFile(name, .create, on: device)
        do {
            try file.write(header.encoded().span.bytes, at: 0)
            try file.sync()
            try device.syncDirectoryOrFail(StoreLayout.snapshots)
        } catch {
            try? device.removeIfPresent(name)
            throw error
        }
        return SnapshotSegment(file, number: number, storeID: storeID, end: Format.segmentHeaderBytes)
    }

    /// Whether a frame of some length fits, or must: no segment is left empty.
    func hasRoom(for length: Int, in segmentBytes: Int) -> Bool {
        end + length <= segmentBytes || end == Format.segmentHeaderBytes
    }

    /// Writes a frame at the end; returns where it stands. Where that fails, a part of it may be there.
    mutating func append(_ header: FrameHeader, body: [UInt8] = []) throws(StrataError) -> Int {
        var header = header
        header.durableMark = syncedEnd
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.frameLength)
        header.encode(into: &bytes, at: end, binding: binding)
        bytes.append(contentsOf: body)
        try file.write(bytes.span.bytes, at: end)
        defer { end += header.frameLength }
        isMarked = header.kind == .mark
        return end
    }

    mutating func sync() throws(StrataError) {
        guard syncedEnd != end else { return }
        try file.sync()
        syncedEnd = end
    }
}

extension SnapshotIndex.Entry {
    /// The frame of the snapshot in its segment; nil where it does not verify.
    func frame(
        in file: StoreFile, storeID: UInt128
    ) throws(StrataError) -> (header: FrameHeader, body: [UInt8])? {
        let content = SegmentContent(
            file, binding: ChecksumBinding(storeID: storeID, kind: .snapshots, number: segment))
        var bytes: [UInt8] = []
        guard
            let header = try content.readFrame(at: offset, before: offset + frameLength, into: &bytes),
            header.kind == .snapshot
        else { return nil }
        return (header, Array(bytes[Format.frameHeaderBytes...]))
    }
}
