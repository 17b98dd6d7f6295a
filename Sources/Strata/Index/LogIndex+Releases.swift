import EventSourcing
import FoundationEssentials
import Synchronization

/// What truncations and tombstones have made of streams.
extension LogIndex {
    func status(of stream: StreamID) -> StreamStatus {
        state.withLock { $0.status(of: stream) }
    }

    /// Whether any stream has a release.
    var hasReleases: Bool {
        state.withLock { !$0.releases.isEmpty }
    }

    /// The lowest version of a stream that readers may see.
    func firstLiveVersion(of stream: StreamID) -> Int {
        state.withLock { state in
            state.releases.isEmpty ? 1 : state.key(of: stream).flatMap { state.releases[$0]?.firstLiveVersion } ?? 1
        }
    }

    /// Adds a release that was read.
    func add(_ header: FrameHeader, release body: RawSpan) {
        guard let encoded = EncodedRelease(decoding: body, header: header) else { return }
        state.withLock { $0.add(encoded, storedAt: header.storedAt) }
    }

    /// The part of some missing versions that nothing accounts for: released ones may be gone. Nil where there is none.
    func unaccounted(_ missing: ClosedRange<Int>, of stream: StreamID) -> ClosedRange<Int>? {
        let first = max(missing.lowerBound, firstLiveVersion(of: stream))
        return first <= missing.upperBound ? first...missing.upperBound : nil
    }
}

extension LogIndex.State {
    func status(of stream: StreamID) -> StreamStatus {
        guard let key = key(of: stream) else { return StreamStatus(version: 0) }
        let release = releases[key]
        return StreamStatus(
            version: version(of: key), firstVersion: release?.firstLiveVersion ?? 1,
            isTruncated: release?.isTruncated ?? false, isTombstoned: release?.isTombstoned ?? false)
    }

    /// The version of a stream's last event, which may be gone by now.
    func version(of key: LogIndex.StreamKey) -> Int {
        (bases[key] ?? 0) + (streams[key]?.count ?? 0)
    }

    mutating func add(_ encoded: EncodedRelease, storedAt: Timestamp) {
        lastStoredAt = max(lastStoredAt, storedAt)
        let number = number(ofType: encoded.stream.aggregateType)
        add(encoded.release, to: LogIndex.StreamKey(aggregateType: number, id: encoded.stream.id.bits))
    }

    mutating func add(_ release: Release, to key: LogIndex.StreamKey) {
        // A release that takes nothing away comes only from a log that was put together by hand.
        if let known = releases[key], known.isTombstoned || known.firstLiveVersion > release.firstLiveVersion { return }
        releases[key] = release
        // Whatever stood there is gone.
        guard version(of: key) < release.lastVersion else { return }
        streams[key] = []
        bases[key] = release.lastVersion
    }
}
