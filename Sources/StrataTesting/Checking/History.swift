package import EventSourcing
import FoundationEssentials
import Synchronization

/// What callers asked of a store and what they were told, with the device's call count at each moment.
///
/// The device goes on while a caller is being told, so that a noted count may be too high, and a check milder for it, but
/// never too low.
package final class History: Sendable {
    package struct Append: Sendable {
        package let stream: StreamID
        package let events: [NewEvent]
        package let submitted: Int
        package fileprivate(set) var settled: Int?
        package fileprivate(set) var answer: Result<AppendResult, EventStoreError>?
    }

    package struct Release: Sendable {
        package let release: StreamRelease
        package let stream: StreamID
        /// The version of the snapshot that the caller had loaded before, if there was one.
        package let snapshot: Int?
        package let submitted: Int
        package fileprivate(set) var settled: Int?
        package fileprivate(set) var answer: Result<DeletionResult, EventStoreError>?
    }

    /// What a stream had released when its store was opened.
    package struct KnownRelease: Sendable {
        package let status: StreamStatus
        /// The call since which the stream has a snapshot of what is left, as long as nobody deletes it; nil where it need
        /// not have one.
        package let snapshotKeptSince: Int?
    }

    package struct SnapshotChange: Sendable {
        /// nil where the stream's snapshot was deleted.
        package let snapshot: Snapshot?
        package let stream: StreamID
        package let submitted: Int
        package fileprivate(set) var settled: Int?
    }

    struct State {
        var appends: [Append] = []
        var releases: [Release] = []
        var snapshotChanges: [SnapshotChange] = []
        var durable: [DurabilityNote] = []
    }

    /// What callers were told is durable, and the call count at which they were.
    struct DurabilityNote {
        let position: Int
        let settled: Int
        /// The appends whose positions others had by then: a failed sync had taken them.
        let replaced: Set<Int>
    }

    let state = Mutex(State())

    package init() {}

    package var appends: [Append] { state.withLock { $0.appends } }
    package var releases: [Release] { state.withLock { $0.releases } }

    /// A caller appends; returns a number for ``settle(_:_:at:)``.
    package func submit(_ events: [NewEvent], to stream: StreamID, at call: Int) -> Int {
        state.withLock { state in
            state.appends.append(Append(stream: stream, events: events, submitted: call))
            return state.appends.count - 1
        }
    }

    /// The caller is told what became of the append.
    package func settle(_ append: Int, _ answer: Result<AppendResult, EventStoreError>, at call: Int) {
        state.withLock { state in
            state.appends[append].answer = answer
            state.appends[append].settled = call
        }
    }

    /// A caller releases events; returns a number for ``settleRelease(_:_:at:)``.
    ///
    /// - Parameter snapshot: the version of the snapshot that the caller has loaded before, if there was one.
    package func submit(
        _ release: StreamRelease, of stream: StreamID, having snapshot: Int?, at call: Int
    ) -> Int {
        state.withLock { state in
            state.releases.append(Release(release: release, stream: stream, snapshot: snapshot, submitted: call))
            return state.releases.count - 1
        }
    }

    /// The caller is told what became of the release.
    package func settleRelease(_ release: Int, _ answer: Result<DeletionResult, EventStoreError>, at call: Int) {
        state.withLock { state in
            state.releases[release].answer = answer
            state.releases[release].settled = call
        }
    }

    /// Callers are told that everything up to a position is durable.
    package func noteDurable(upTo position: Int, at call: Int) {
        state.withLock { state in
            let note = DurabilityNote(position: position, settled: call, replaced: state.replacedAppends)
            state.durable.append(note)
        }
    }

    /// A caller saves a snapshot, or deletes one; returns a number for ``settleSnapshotChange(_:at:)``.
    package func submit(_ snapshot: Snapshot?, of stream: StreamID, at call: Int) -> Int {
        state.withLock { state in
            state.snapshotChanges.append(SnapshotChange(snapshot: snapshot, stream: stream, submitted: call))
            return state.snapshotChanges.count - 1
        }
    }

    /// The caller is told that the change was made.
    package func settleSnapshotChange(_ change: Int, at call: Int) {
        state.withLock { $0.snapshotChanges[change].settled = call }
    }
}

extension History.SnapshotChange: CustomStringConvertible {
    /// What was asked for, at which call, and at which the caller was told that it was done, if ever.
    package var description: String {
        let change = snapshot.map { "version \($0.version)" } ?? "deletion"
        return "\(change) (\(submitted) to \(settled.map(String.init) ?? "no answer"))"
    }
}

extension History {
    /// Forgets the appends and releases, once it has been seen what became of them, and snapshots that cannot come back.
    package func forgetAppends() {
        state.withLock { state in
            state.appends = []
            state.releases = []
            state.durable = []
            var deleted: Set<StreamID> = []
            let kept = state.snapshotChanges.reversed().filter { change in
                guard !deleted.contains(change.stream) else { return false }
                if change.snapshot == nil, change.settled != nil { deleted.insert(change.stream) }
                return true
            }
            state.snapshotChanges = kept.reversed()
        }
    }

    /// How a store's life ended.
    package enum End: Hashable, Sendable {
        /// The process died: the operating system has everything that it was given.
        case processDeath
        case lossOfPower
    }

    /// What a store must hold, and may, when its life ends behind a device call.
    ///
    /// - Parameters:
    ///   - call: behind which callers have asked for nothing yet.
    ///   - lastAnswer: behind which callers have been told nothing yet, where that is an earlier one.
    ///   - earlier: what streams had released before all that is noted here.
    package func expectation(
        at call: Int = .max, answeredBy lastAnswer: Int = .max, after end: End,
        _ earlier: [StreamID: KnownRelease] = [:]
    ) -> Expectation {
        state.withLock { $0.expectation(at: call, answeredBy: min(lastAnswer, call), after: end, earlier) }
    }
}

extension History.State {
    fileprivate func expectation(
        at call: Int, answeredBy lastAnswer: Int, after end: History.End, _ earlier: [StreamID: History.KnownRelease]
    ) -> Expectation {
        var expectation = Expectation()
        for (stream, known) in earlier {
            let isKept = known.snapshotKeptSince.map { !mayDeleteSnapshot(of: stream, in: $0...call) } ?? false
            expectation.releases[stream] = ReleaseBounds(known.status, keepsSnapshot: isKept)
        }
        let durable = durable.filter { $0.settled <= lastAnswer }
        for (number, append) in appends.enumerated() where append.submitted <= call {
            let answer = append.settled.map { $0 <= lastAnswer } ?? false ? append.answer : nil
            let last = if case .success(let result)? = answer { result.lastPosition.rawValue } else { Int.max }
            let isDurable = durable.contains { $0.position >= last && !$0.replaced.contains(number) }
            expectation.add(append, answer, isDurable: isDurable, end)
        }
        for release in releases where release.submitted <= call {
            let answer = release.settled.map { $0 <= lastAnswer } ?? false ? release.answer : nil
            let isDeleted = mayDeleteSnapshot(of: release.stream, in: release.submitted...call)
            expectation.releases[release.stream, default: ReleaseBounds()]
                .add(release.release, answer, end, snapshot: isDeleted ? nil : release.snapshot)
        }
        expectation.snapshotChanges = snapshotChanges.filter { $0.submitted <= call }
        expectation.call = lastAnswer
        return expectation
    }

    /// The appends whose positions later ones have.
    fileprivate var replacedAppends: Set<Int> {
        var replaced: Set<Int> = []
        var taken: Set<Int> = []
        for (number, append) in appends.enumerated().reversed() {
            guard case .success(let result) = append.answer else { continue }
            let positions = result.firstPosition.rawValue...result.lastPosition.rawValue
            if !taken.isDisjoint(with: positions) { replaced.insert(number) }
            taken.formUnion(positions)
        }
        return replaced
    }

    /// Whether the deletion of a stream's snapshot was asked for within some calls.
    private func mayDeleteSnapshot(of stream: StreamID, in calls: ClosedRange<Int>) -> Bool {
        snapshotChanges.contains { $0.stream == stream && $0.snapshot == nil && calls.contains($0.submitted) }
    }
}
