import EventSourcing
import FoundationEssentials
import Synchronization

/// What truncations and tombstones have made of streams.
extension LogIndex {
    /// The lowest version of a stream that readers may see.
    func firstLiveVersion(of stream: StreamID) -> Int {
        guard hasReleases else { return 1 }
        return state.withLock { state in
            state.key(of: stream).flatMap { state.releases[$0]?.firstLiveVersion } ?? 1
        }
    }

    /// The streams of which events were released, and those with a tombstone.
    var releasedStreams: [StreamID] {
        state.withLock { state in
            state.releases.keys.map { StreamID(state.types.names[Int($0.aggregateType)], UUID(bits: $0.id)) }
        }
    }

    /// The part of some missing versions that nothing accounts for: released ones may be gone. Nil where there is none.
    func unaccounted(_ missing: ClosedRange<Int>, of stream: StreamID) -> ClosedRange<Int>? {
        let first = max(missing.lowerBound, firstLiveVersion(of: stream))
        return first <= missing.upperBound ? first...missing.upperBound : nil
    }
}

extension Release {
    /// A release that a segment's index tells of.
    init(_ release: IndexedRelease) {
        self.init(
            firstLiveVersion: release.firstLiveVersion, isTruncated: release.isTruncated,
            isTombstoned: release.isTombstoned)
    }
}
