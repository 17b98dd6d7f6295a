import EventSourcing
import FoundationEssentials
import Synchronization

extension StrataStore {
    /// What the store holds. O(segments + events): it counts the events of each aggregate type.
    public func statistics() async throws(StrataError) -> StoreStatistics {
        try await BlockingReads.run { () throws(StrataError) in try self.statisticsNow() }
    }

    private func statisticsNow() throws(StrataError) -> StoreStatistics {
        let quarantined = try sizes(in: StoreLayout.quarantine)
        let snapshotBytes = try sizes(in: StoreLayout.snapshots).reduce(0, +)
        let snapshots = snapshotIndex.count
        let id = UUID(bits: storeID)
        return index.state.withLock { state in
            StoreStatistics(
                storeID: id, formatVersion: Int(Format.version),
                events: state.segments.reduce(0) { $0 + $1.eventCount },
                commits: state.segments.reduce(0) { $0 + $1.commitCount }, streams: state.streams.count,
                lastPosition: state.lastPosition == 0 ? nil : Position(state.lastPosition),
                segments: state.segments.map(\.statistics), aggregateTypes: state.aggregateTypes,
                snapshots: snapshots, snapshotBytes: snapshotBytes, quarantinedFiles: quarantined.count,
                quarantinedBytes: quarantined.reduce(0, +), indexBytes: state.memory)
        }
    }

    private func sizes(in directory: String) throws(StrataError) -> [Int] {
        guard try device.kindOrFail(of: directory) == .directory else { return [] }
        var sizes: [Int] = []
        for name in try device.listOrFail(directory) {
            sizes.append(try StoreFile("\(directory)/\(name)", .read, on: device).length())
        }
        return sizes
    }
}

extension LogIndex.Segment {
    fileprivate var statistics: StoreStatistics.Segment {
        StoreStatistics.Segment(
            file: identity.name, isSealed: isSealed, bytes: bytes, events: eventCount,
            commits: commitCount,
            positions: blocks.first.map { Position($0.firstPosition)...Position(max($0.firstPosition, lastPosition)) })
    }
}

extension LogIndex.State {
    fileprivate var aggregateTypes: [StoreStatistics.AggregateType] {
        var counts = Array(repeating: (streams: 0, events: 0), count: typeNames.count)
        for (key, locations) in streams {
            counts[Int(key.aggregateType)].streams += 1
            counts[Int(key.aggregateType)].events += locations.count { $0 != .missing }
        }
        return typeNames.indices
            .map {
                StoreStatistics.AggregateType(
                    name: typeNames[$0], streams: counts[$0].streams, events: counts[$0].events)
            }
            .sorted { $0.name < $1.name }
    }

    /// Bytes, from what the collections have room for.
    fileprivate var memory: Int {
        let arrayHeader = 32
        let locations = streams.values.reduce(0) {
            $0 + arrayHeader + $1.capacity * MemoryLayout<Location>.stride
        }
        let slot = MemoryLayout<LogIndex.StreamKey>.stride + MemoryLayout<[Location]>.stride
        let blocks = segments.reduce(0) { $0 + $1.blocks.capacity * MemoryLayout<LogIndex.Block>.stride }
        return eventIDs.memory + locations + streams.capacity * 4 / 3 * slot + blocks
    }
}
