import EventSourcing

/// Makes a manifest again from what the segments say of themselves.
struct ManifestRebuilding {
    private let device: any Device

    init(_ device: any Device) {
        self.device = device
    }

    /// The manifest that the segments call for; nil where they do not fit together without a gap, are damaged, or are more than
    /// a manifest can list.
    ///
    /// Where a compaction was cut off, old and new segments stand for the same positions: the newest sound one counts.
    /// Whether segments behind the last one are missing, nothing in the others tells.
    func manifest(mostSegments: Int = Format.mostSegments) throws(StrataError) -> Manifest? {
        let segments = try Self.segments(on: device)
        guard
            let active = segments.last(where: { !$0.isCompacted }), let first = try header(of: segments[0]),
            try header(of: active)?.storeID == first.storeID
        else { return nil }
        var sealed: [Manifest.SealedSegment] = []
        var position = segments[0].number
        var place = 0
        while position < active.number {
            // The others stand for positions that the one before covers.
            while segments[place].number < position { place += 1 }
            let candidates = segments[place...].prefix { $0.number == position }
            guard
                sealed.count + 1 < mostSegments, let next = try newest(of: candidates, first.storeID),
                next.lastPosition < active.number
            else { return nil }
            sealed.append(next)
            position = next.lastPosition + 1
        }
        // Not below that of the manifest which is gone: since the last compaction it has grown with every segment that was sealed,
        // and at most once with the first manifest and with a change of the format.
        let generation = UInt64(sealed.count) + 1 + (sealed.map(\.generation).max() ?? 0)
        return Manifest(
            storeID: first.storeID, generation: generation, createdAt: first.createdAt, sealed: sealed,
            active: active.number
        ).successor()
    }

    /// The segments of events that there are: by first position, and of one first position the newest first.
    static func segments(on device: any Device) throws(StrataError) -> [SegmentIdentity] {
        guard try device.kindOrFail(of: StoreLayout.events) == .directory else { return [] }
        return try device.listOrFail(StoreLayout.events).compactMap { SegmentIdentity(fileName: $0) }.sorted()
    }

    /// The header of a segment of events; nil where it does not verify.
    func header(of segment: SegmentIdentity) throws(StrataError) -> SegmentHeader? {
        let file = try StoreFile(segment.name, .read, on: device)
        let bytes = try file.read(Format.segmentHeaderBytes, at: 0)
        guard
            let header = try? SegmentHeader(decoding: bytes.span.bytes), header.kind == segment.kind,
            header.number == segment.number
        else { return nil }
        return header
    }

    /// The first of some segments that is sound; nil where none is.
    private func newest(
        of candidates: ArraySlice<SegmentIdentity>, _ storeID: UInt128
    ) throws(StrataError) -> Manifest.SealedSegment? {
        for segment in candidates {
            var scanner = SegmentScanner(segment, storeID: storeID, isSealed: true, on: device)
            let scan = try scanner.run { _, _, _ in }
            guard scan.damage.isEmpty, scan.commitCount > 0 || segment.isCompacted else { continue }
            return Manifest.SealedSegment(scan)
        }
        return nil
    }
}
