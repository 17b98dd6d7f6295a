import EventSourcing
import FoundationEssentials

/// Walks a segment and makes its index.
struct SegmentIndexing {
    /// Versions that are missing before a commit, or that stand there twice, within the segment.
    struct Gap {
        let stream: StreamID
        let versions: ClosedRange<Int>
        let offset: Int
    }

    private(set) var index: GrowingIndex
    private(set) var scan: SegmentScan
    private(set) var gaps: [Gap] = []
    /// The headers of commits and releases whose bodies do not verify, by where they stand.
    private(set) var damagedHeaders: [(header: FrameHeader, offset: Int)] = []

    /// Walks the segment. Events cannot be looked up in its index before ``makeSearchable()``. May block.
    ///
    /// - Parameters:
    ///   - readableEnd: where frames end that count.
    ///   - progress: told the offset after each frame.
    init(
        _ segment: SegmentIdentity, storeID: UInt128, isSealed: Bool, readableEnd: Int = .max,
        on device: any Device, progress: (Int) -> Void = { _ in }
    ) throws(StrataError) {
        var index = GrowingIndex(isSearchable: false)
        var gaps: [Gap] = []
        var damagedHeaders: [(header: FrameHeader, offset: Int)] = []
        var scanner = SegmentScanner(segment, storeID: storeID, isSealed: isSealed, on: device)
        scan = try scanner.run(
            progress: progress,
            visit: { header, offset, body in
                guard offset + header.frameLength <= readableEnd else { return }
                guard let missing = index.add(header, at: offset, body: body) else { return }
                gaps.append(missing)
            },
            visitDamaged: { header, offset in damagedHeaders.append((header, offset)) })
        self.index = index
        self.gaps = gaps
        self.damagedHeaders = damagedHeaders
    }

    /// Lets events be looked up in the index, for want of a sidecar.
    mutating func makeSearchable() {
        index.makeSearchable()
    }

    /// Enters the commits and releases whose bodies do not verify, as far as their headers tell of them.
    ///
    /// - Parameter log: knows the aggregate types that the log names.
    mutating func addDamaged(_ log: LogIndex) {
        for (header, offset) in damagedHeaders {
            let tag = header.aggregateTypeTag
            guard let name = index.typeName(ofTag: tag) ?? log.typeName(ofTag: tag) else { continue }
            let type = index.addType(name, tag: tag)
            if let release = Release(header) {
                index.add(
                    IndexedRelease(release, type: type, id: header.aggregateID, offset: offset), header.storedAt)
            } else if header.kind == .commit {
                _ = index.addMissing(header, type: type)
            }
        }
    }
}

extension GrowingIndex {
    /// Adds a frame that was read and verified; returns what is missing before a commit.
    fileprivate mutating func add(_ header: FrameHeader, at offset: Int, body: RawSpan) -> SegmentIndexing.Gap? {
        let name = body.extracting(1..<1 + Int(body.number(at: 0, as: UInt8.self)))
        let type = addType(name, tag: header.aggregateTypeTag)
        extend(to: offset + header.frameLength)
        if let release = Release(header) {
            add(IndexedRelease(release, type: type, id: header.aggregateID, offset: offset), header.storedAt)
            return nil
        }
        let addition = add(header, at: offset, type: type)
        var events = CommitBody.EventIDs(behind: name.byteCount + 1)
        while let event = events.next(in: body) { addEvent(event, at: offset) }
        let versions: ClosedRange<Int>
        switch addition {
        case .follows, .begins: return nil
        case .leavesGap(let missing): versions = missing
        case .overlaps: versions = header.firstVersion...header.firstVersion
        }
        return SegmentIndexing.Gap(
            stream: StreamID(types[type].name, UUID(bits: header.aggregateID)), versions: versions, offset: offset)
    }
}

extension IndexedRelease {
    init(_ release: Release, type: Int, id: UInt128, offset: Int) {
        self.init(
            type: type, id: id, firstLiveVersion: release.firstLiveVersion, isTruncated: release.isTruncated,
            isTombstoned: release.isTombstoned, offset: offset)
    }
}
