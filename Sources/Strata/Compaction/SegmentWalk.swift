/// A walk through a sealed segment that has to be whole: a compaction must not make damage final.
struct SegmentWalk {
    static let progressBytes = 1 << 20

    private let segment: SegmentIdentity
    private let storeID: UInt128
    private let device: any Device

    init(_ segment: SegmentIdentity, storeID: UInt128, on device: any Device) {
        self.segment = segment
        self.storeID = storeID
        self.device = device
    }

    /// Walks the segment. May block.
    ///
    /// - Parameters:
    ///   - progress: told how many more bytes of the content have been walked; throws to end the walk.
    ///   - visit: called with each frame that tells of events, its offset and its body; throws to end the walk.
    /// - Throws: ``StrataError/Code/damaged`` where the segment is not whole.
    func run(
        progress: (Int) throws(StrataError) -> Void,
        visit: (FrameHeader, Int, RawSpan) throws(StrataError) -> Void
    ) throws(StrataError) {
        var scanner = SegmentScanner(segment, storeID: storeID, isSealed: true, on: device)
        var failure: StrataError?
        var reported = Format.segmentHeaderBytes
        var turn = BackgroundThread.Turn()
        let scan = try scanner.run { offset in
            turn.reach(offset)
            guard failure == nil, offset - reported >= Self.progressBytes else { return }
            do throws(StrataError) { try progress(offset - reported) } catch { failure = error }
            reported = offset
        } visit: { header, offset, body in
            guard failure == nil else { return }
            do throws(StrataError) { try visit(header, offset, body) } catch { failure = error }
        }
        if let failure { throw failure }
        guard scan.damage.isEmpty else {
            throw StrataError(
                .damaged, "a segment is damaged, and a compaction leaves it as it is: \(scan.damage[0])",
                path: device.path(of: segment.name), damage: scan.damage)
        }
        try progress(max(0, scan.end - reported))
    }
}
