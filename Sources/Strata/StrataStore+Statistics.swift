import EventSourcing
import FoundationEssentials

extension StrataStore {
    /// What the store holds. O(segments x (aggregate types + truncated and deleted streams)).
    public func statistics() async throws(StrataError) -> StoreStatistics {
        try checkOpen()
        return try await BlockingReads.run { () throws(StrataError) in try self.statisticsNow() }
    }

    private func statisticsNow() throws(StrataError) -> StoreStatistics {
        let quarantined = try sizes(in: StoreLayout.quarantine)
        let snapshotBytes = try sizes(in: StoreLayout.snapshots).saturatingSum
        let log = try reader.ask { index throws(IndexFault) in try LogStatistics(index) }
        return StoreStatistics(
            storeID: UUID(bits: storeID), formatVersion: Int(formatVersion),
            events: log.segments.reduce(0) { $0 + $1.events }, commits: log.segments.reduce(0) { $0 + $1.commits },
            streams: log.aggregateTypes.reduce(0) { $0 + $1.streams },
            lastPosition: log.lastPosition == 0 ? nil : Position(log.lastPosition), segments: log.segments,
            aggregateTypes: log.aggregateTypes, snapshots: snapshotIndex.count, snapshotBytes: snapshotBytes,
            quarantinedFiles: quarantined.count, quarantinedBytes: quarantined.saturatingSum, indexBytes: log.memory)
    }

    private func sizes(in directory: String) throws(StrataError) -> [Int] {
        guard try device.kindOrFail(of: directory) == .directory else { return [] }
        var sizes: [Int] = []
        for name in try device.listOrFail(directory) {
            do {
                sizes.append(try StoreFile("\(directory)/\(name)", .read, on: device).length())
            } catch  where error.code == .notFound {
                // A compaction, or whoever clears the quarantine, has removed it meanwhile.
            }
        }
        return sizes
    }
}
