import EventSourcing

/// What walking a segment of events found.
struct SegmentScan {
    /// So many places of frames that do not verify are told one by one; what is behind them is told together.
    static let mostListed = 10_000

    /// What stands behind the last frame.
    enum Tail: Hashable {
        case none
        /// Zeros that the file was extended with.
        case zeros
        /// Bytes of appends that were never acknowledged as durable: so many, before whatever zeros follow.
        case torn(bytes: Int)
    }

    let segment: SegmentIdentity
    /// The file's length; of one that is longer than any segment as much as that.
    var bytes = 0
    /// Where the frames end, in the content.
    var end = Format.segmentHeaderBytes
    /// Where the content ends: of a segment as it was written the file's length.
    var contentLength = 0
    var tail = Tail.none
    var header: SegmentHeader?
    var epoch: UInt64 = 0
    var digest = SegmentDigest(segmentHeader: RawSpan())
    var eventCount = 0
    var commitCount = 0
    var lastPosition = 0
    var lastStoredAt = Timestamp.distantPast
    var footer: FooterBody?
    /// The highest durable mark of a frame that verifies.
    var durableMark = Format.segmentHeaderBytes
    /// Whether the last frame says that everything before it was durable, and needs no other to say so of itself.
    var endsWithMark = true
    /// The end of the last frame whose append was acknowledged without a sync.
    var acknowledgedUnsyncedEnd = 0
    var damage: [Damage] = []
    /// The offset of the first place that is not told on its own.
    private(set) var firstUnlisted = Int.max
    private var unlisted = 0

    init(_ segment: SegmentIdentity) {
        self.segment = segment
        lastPosition = Int(clamping: segment.number) - 1
    }

    var number: UInt64 { segment.number }
    var name: String { segment.name }

    /// Tells a place together with the others that are too many to be told one by one. Their streams and versions are not among
    /// what it says.
    fileprivate mutating func addUnlisted(_ place: Damage) {
        let known = unlisted > 0 ? damage.popLast() : nil
        unlisted += 1
        firstUnlisted = min(firstUnlisted, place.offset)
        damage.append(
            Damage(
                file: name, offset: firstUnlisted, length: place.offset + place.length - firstUnlisted,
                reason: "places that do not verify, behind \(Self.mostListed) others: \(unlisted)",
                positions: Damage.union(known?.positions, place.positions)))
    }

    /// Where frames end that a reader beside a running writer may show.
    var readableEnd: Int {
        max(durableMark, acknowledgedUnsyncedEnd)
    }
}

/// Walks a segment of events and tells sound frames, a torn tail and damage apart.
struct SegmentScanner {
    private let storeID: UInt128
    private let isSealed: Bool
    private let device: any Device
    private let fileName: String
    private var compacted: CompactedSegment?
    private var scan: SegmentScan
    /// The highest durable mark behind the first place that did not verify.
    private var highestMarkBehind: Int?
    private var isResynchronizing = false
    /// The place that was looked at once more behind the look for marks.
    private var secondLook: Int?
    private var onlyLooksForCommit = false

    /// - Parameters:
    ///   - name: the file's, where it is not yet that of the segment.
    ///   - isSealed: whether the manifest lists the segment as sealed; then it has no tail, and whatever does not verify
    ///     is damage.
    init(
        _ segment: SegmentIdentity, in name: String? = nil, storeID: UInt128, isSealed: Bool, on device: any Device
    ) {
        fileName = name ?? segment.name
        self.storeID = storeID
        self.isSealed = isSealed
        self.device = device
        scan = SegmentScan(segment)
    }

    /// Walks the whole segment.
    ///
    /// - Parameters:
    ///   - progress: told the offset after each frame.
    ///   - visit: called with each commit, truncation and tombstone that verifies, its offset and its body.
    ///   - visitDamaged: called with the header and the offset of each of them whose body does not verify.
    mutating func run(
        progress: (Int) -> Void = { _ in }, visit: (FrameHeader, Int, RawSpan) -> Void,
        visitDamaged: (FrameHeader, Int) -> Void = { _, _ in }
    ) throws(StrataError) -> SegmentScan {
        // The name tells what the frames are bound to, even where the header cannot.
        let content: SegmentContent
        do {
            content = try SegmentContent(scan.segment, in: fileName, storeID: storeID, on: device)
        } catch  where error.code == .notFound {
            record("the file is missing", at: 0)
            return scan
        } catch  where error.code == .damaged {
            scan.damage += error.damage
            return scan
        }
        let fileLength = try content.fileLength()
        scan.bytes = min(fileLength, Format.longestSegment)
        scan.contentLength = min(try content.length(), Format.longestSegment)
        try readHeader(of: content)
        compacted = content.compacted
        scan.damage += content.compacted?.damage ?? []
        var scanner = FrameScanner(content, to: scan.contentLength)
        walk: while true {
            switch try scanner.next() {
            case .end: break walk
            case .frame(let header) where accepts(header, scanner):
                take(header, scanner, visit)
                progress(scan.end)
                if header.kind == .footer || onlyLooksForCommit && scan.commitCount > 0 { break walk }
            case _ where fileLength > Format.longestSegment || onlyLooksForCommit && scan.header == nil: break walk
            case .frame(let header), .damagedBody(let header):
                guard try isDamage(at: scanner.offset, &scanner) else { break walk }
                if looksAgain(&scanner) { continue }
                if header.kind.isAcknowledged { visitDamaged(header, scanner.offset) }
                try recordAndSkip(header, &scanner)
            case .noHeader:
                guard try isDamage(at: scanner.offset, &scanner) else { break walk }
                if looksAgain(&scanner) { continue }
                try recordAndSkip(nil, &scanner)
            }
        }
        if fileLength > Format.longestSegment {
            record("the file is longer than any segment", at: scan.end, length: fileLength - scan.end)
        } else if !onlyLooksForCommit {
            try finish(&scanner)
        }
        scan.damage += device.damage(of: fileName)
        return scan
    }

    /// Whether ``run(progress:visit:visitDamaged:)`` takes a commit from the segment; where its header does not verify, only
    /// as far as each frame does. Reads no more than that needs.
    mutating func holdsCommit() throws(StrataError) -> Bool {
        onlyLooksForCommit = true
        return try run { _, _, _ in }.commitCount > 0
    }

    private mutating func readHeader(of content: SegmentContent) throws(StrataError) {
        isResynchronizing = true
        let bytes = try content.read(Format.segmentHeaderBytes, at: 0)
        let header: SegmentHeader
        do throws(FormatError) {
            header = try SegmentHeader(decoding: bytes.span.bytes)
        } catch {
            if case .newerVersion = error {
                throw StrataError(.unsupportedFormat, "the segment cannot be read: \(error.reason)", path: content.path)
            }
            record("the segment's header cannot be trusted: \(error.reason)", at: 0)
            return
        }
        guard
            header.kind == scan.segment.kind, header.storeID == storeID, header.number == scan.number,
            header.epoch == scan.segment.generation || !scan.segment.isCompacted
        else {
            record("the file is a segment of another place or another store", at: 0)
            return
        }
        scan.header = header
        scan.epoch = header.epoch
        scan.digest = SegmentDigest(segmentHeader: bytes.span.bytes)
        isResynchronizing = false
    }

    /// Whether a frame that verifies follows from those before it. One that does not is left over from a time
    /// before the last torn tail.
    private func accepts(_ header: FrameHeader, _ scanner: FrameScanner) -> Bool {
        if let compacted {
            let block = compacted.block(containing: scanner.offset)
            guard
                header.isCompacted(generation: scan.segment.generation),
                scanner.offset + header.frameLength <= block?.contentOffsets.upperBound ?? 0
            else { return false }
        }
        switch header.kind {
        case .snapshot, .snapshotDeletion: return false
        case .open:
            guard let body = scanner.withBody({ OpenBody(decoding: $0) }) else { return false }
            return isResynchronizing || body.previousEpoch == scan.epoch
        case .footer:
            guard scanner.withBody({ FooterBody(decoding: $0) }) != nil else { return false }
            return isResynchronizing || header.epoch == scan.epoch
        case .mark:
            return isResynchronizing || header.epoch == scan.epoch
        case .truncation, .tombstone:
            return (isResynchronizing || header.epoch == scan.epoch)
                && scanner.withBody { AggregateTypeBody.aggregateType(in: $0, header: header) } != nil
        case .commit:
            return (isResynchronizing || header.epoch == scan.epoch)
                && header.firstPosition > scan.lastPosition
                && scanner.withBody { CommitBody.isValid($0, header: header) }
        }
    }

    private mutating func take(
        _ header: FrameHeader, _ scanner: FrameScanner, _ visit: (FrameHeader, Int, RawSpan) -> Void
    ) {
        isResynchronizing = false
        if secondLook == scanner.offset { (secondLook, highestMarkBehind) = (nil, nil) }
        scan.epoch = header.epoch
        scan.end = scanner.offset + header.frameLength
        scan.durableMark = max(scan.durableMark, header.durableMark)
        scan.endsWithMark = header.durableMark == scanner.offset && !header.kind.isAcknowledged
        if header.flags & FrameHeader.acknowledgedUnsynced != 0 { scan.acknowledgedUnsyncedEnd = scan.end }
        switch header.kind {
        case .commit:
            scan.commitCount += 1
            scan.eventCount += header.eventCount
            scan.lastPosition = header.firstPosition + header.eventCount - 1
            scan.lastStoredAt = max(scan.lastStoredAt, header.storedAt)
            scanner.withBody { visit(header, scanner.offset, $0) }
        case .footer:
            scan.footer = scanner.withBody { FooterBody(decoding: $0) }
            // No writer seals a segment without events, and no manifest can list one.
            let isSealable = scan.commitCount > 0
            if scan.damage.isEmpty, let footer = scan.footer, !isSealable || !matches(footer, at: scanner.offset) {
                record("the footer does not describe the segment's content", at: scanner.offset)
            }
            return
        case .truncation, .tombstone:
            scan.lastStoredAt = max(scan.lastStoredAt, header.storedAt)
            scanner.withBody { visit(header, scanner.offset, $0) }
        case .open, .mark, .snapshot, .snapshotDeletion: break
        }
        scanner.withHeaderBytes { scan.digest.add(frameHeader: $0) }
    }

    private func matches(_ footer: FooterBody, at offset: Int) -> Bool {
        footer
            == FooterBody(
                lastPosition: UInt64(scan.lastPosition), eventCount: UInt64(scan.eventCount),
                commitCount: UInt64(scan.commitCount), contentLength: UInt64(offset), digest: scan.digest.value)
    }

    /// Whether bytes at an offset that do not verify are damage, and not a torn tail: in a sealed segment always; in
    /// the active one if a frame behind them was written when they were known to be durable, or if the device has lost some of
    /// them or behind them, which no crash does.
    private mutating func isDamage(at offset: Int, _ scanner: inout FrameScanner) throws(StrataError) -> Bool {
        if isSealed || device.damage(of: fileName).contains(where: { $0.offsets.upperBound > offset }) { return true }
        let highest: Int
        if let highestMarkBehind {
            highest = highestMarkBehind
        } else {
            highest = try scanner.highestMark(behind: offset)
            highestMarkBehind = highest
        }
        scanner.move(to: offset)
        // A frame's mark is never above its own offset, so that a mark above this offset stands behind it.
        return highest > offset
    }

    /// Whether a place that seems damaged is to be looked at once more: beside a writer, the bytes there may have been read
    /// before it wrote them, and the mark behind them afterwards. By then they could be read, and so could all others
    /// below that mark: whatever is read behind the look for marks needs no second look.
    private mutating func looksAgain(_ scanner: inout FrameScanner) -> Bool {
        guard !isSealed, secondLook == nil else { return false }
        secondLook = scanner.offset
        scanner.lookAgain()
        return true
    }

    private mutating func recordAndSkip(_ header: FrameHeader?, _ scanner: inout FrameScanner) throws(StrataError) {
        if let compacted { return try recordAndSkip(compacted, &scanner) }
        let offset = scanner.offset
        let next = try scanner.nextHeader(from: offset + Format.alignment)?.offset ?? scan.bytes
        let place = Damage(
            file: scan.name, offset: offset, length: next - offset,
            reason: header == nil ? "no frame that verifies" : "the frame does not verify",
            versions: header?.versions, positions: header?.positions)
        if scan.damage.count < SegmentScan.mostListed {
            scan.damage.append(place)
        } else {
            scan.addUnlisted(place)
        }
        isResynchronizing = true
        scanner.move(to: next)
        scan.end = next
    }

    /// Records a block of a compacted segment that does not verify, or that holds what does not, and goes on behind it.
    private mutating func recordAndSkip(
        _ compacted: CompactedSegment, _ scanner: inout FrameScanner
    ) throws(StrataError) {
        guard let block = compacted.block(containing: scanner.offset) else {
            return scanner.move(to: scan.contentLength)
        }
        let (first, last) = try (scan.lastPosition + 1, compacted.lastPosition(of: block))
        let what = try compacted.verifies(block) ? "a frame in the block" : "the block"
        let place = Damage(
            file: scan.name, offset: block.offsets.lowerBound, length: block.offsets.count,
            reason: "\(what) does not verify",
            positions: last.flatMap { first <= $0 ? Position(first)...Position($0) : nil })
        // A footer can name blocks by the million where the file has nothing.
        if let joined = scan.damage.last?.joined(with: place) {
            scan.damage[scan.damage.count - 1] = joined
        } else {
            scan.damage.append(place)
        }
        isResynchronizing = true
        scan.end = block.contentOffsets.upperBound
        scanner.move(to: scan.end)
    }

    private mutating func finish(_ scanner: inout FrameScanner) throws(StrataError) {
        if let compacted { return finish(compacted) }
        if scan.footer == nil, isSealed { record("the footer is missing", at: scan.end) }
        guard scan.end < scan.bytes else { return }
        let torn = try scanner.endOfContent(from: scan.end) - scan.end
        if scan.footer != nil, isSealed || torn > 0 {
            record("bytes stand behind the footer", at: scan.end, length: scan.bytes - scan.end)
        } else if !isSealed {
            scan.tail = torn == 0 ? .zeros : .torn(bytes: torn)
        }
    }

    private mutating func finish(_ compacted: CompactedSegment) {
        // A footer that does not verify has been recorded already.
        guard let totals = compacted.totals else { return }
        scan.footer = totals
        let found = FooterBody(
            lastPosition: max(totals.lastPosition, UInt64(max(0, scan.lastPosition))),
            eventCount: UInt64(scan.eventCount), commitCount: UInt64(scan.commitCount),
            contentLength: UInt64(scan.end), digest: scan.digest.value)
        if scan.damage.isEmpty, found != totals || totals.lastPosition < scan.number {
            record("the footer does not describe the segment's content", at: 0)
        }
    }

    private mutating func record(_ reason: String, at offset: Int, length: Int = 0) {
        scan.damage.append(Damage(file: scan.name, offset: offset, length: length, reason: reason))
    }
}
