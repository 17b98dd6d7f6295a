import EventSourcing
import FoundationEssentials
import Synchronization

extension LogIndex {
    /// From which version on the events of streams are live, of all streams that have released some.
    var liveVersions: LiveVersions {
        state.withLock { state in
            var firstLive: [StreamID: Int] = [:]
            for (key, release) in state.releases {
                let stream = StreamID(state.typeNames[Int(key.aggregateType)], UUID(bits: key.id))
                firstLive[stream] = release.firstLiveVersion
            }
            return LiveVersions(firstLive: firstLive)
        }
    }

    /// The segment that is appended to, as readers see it.
    var activeSegment: Segment? {
        state.withLock { state in state.segments.last.flatMap { $0.isSealed ? nil : $0 } }
    }
}

extension SegmentLog {
    /// Shows readers the segments that a manifest lists.
    func show(_ manifest: Manifest) throws(LogFailure) {
        // What is in the active segment counts as far as it says itself that it is durable.
        try mark()
        do {
            var log = LogOpening(manifest: manifest, on: device, logger: logger)
            try log.readSegments(besideWriter: true)
            index.replaceContent(by: log.index)
        } catch {
            throw .final(error)
        }
    }
}

extension LogIndex {
    fileprivate func replaceContent(by other: LogIndex) {
        other.state.withLock { new in
            state.withLock { old in
                new.lastPosition = max(new.lastPosition, old.lastPosition)
                new.durablePosition = max(new.durablePosition, old.durablePosition)
                swap(&new, &old)
            }
        }
    }
}
