import DequeModule
import Synchronization

/// Walks sealed segments for want of their sidecars, as many at a time as there are processors, and gives them in their
/// order.
struct SealedSegmentWalks {
    /// The indexes of so many segments are in memory at once.
    private static let most = 8

    private let storeID: UInt128
    private let device: any Device
    private let sidecars: SidecarFiles?
    private let progress: WalkProgress
    private var waiting: ArraySlice<Manifest.SealedSegment>
    private var walked: Deque<Result<SealedSegmentWalk, StrataError>> = []

    init(
        _ entries: [Manifest.SealedSegment], storeID: UInt128, on device: any Device, _ sidecars: SidecarFiles?,
        _ progress: WalkProgress
    ) {
        self.storeID = storeID
        self.device = device
        self.sidecars = sidecars
        self.progress = progress
        waiting = entries[...]
    }

    /// The next segment, once it has been walked. May block.
    ///
    /// - Precondition: it is called as often as there are segments, at most.
    mutating func next() throws(StrataError) -> SealedSegmentWalk {
        if walked.isEmpty { walkSome() }
        return try walked.removeFirst().get()
    }

    private mutating func walkSome() {
        let entries = Array(waiting.prefix(min(Self.most, BlockingReads.processors)))
        waiting = waiting.dropFirst(entries.count)
        let results = Mutex<[Int: Result<SealedSegmentWalk, StrataError>]>([:])
        let (storeID, device, sidecars, progress) = (storeID, device, sidecars, progress)
        BlockingReads.forEach(below: entries.count, on: device) { number in
            let entry = entries[number]
            var segment = progress.segment(
                bytes: Int(clamping: entry.bytes), contentLength: Int(clamping: entry.contentLength))
            let result = Result { () throws(StrataError) in
                try SealedSegmentWalk(entry, storeID: storeID, on: device, sidecars) { segment.reach($0) }
            }
            segment.finish()
            results.withLock { $0[number] = result }
        }
        walked = results.withLock { results in Deque(entries.indices.compactMap { results[$0] }) }
    }
}
