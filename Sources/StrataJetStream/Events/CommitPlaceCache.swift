#if JetStream
import Synchronization

/// Where commits of streams are, as earlier reads of this store found out.
///
/// A read finds a stream's commits step by step, each from what later ones say of it. What is known from an earlier read it
/// asks for at once. Commits never move, but they may be gone, and so may the whole store: whoever asks for what is said
/// here looks at what comes. It holds up to 262,144 places, those of the streams that were used last.
final class CommitPlaceCache: Sendable {
    struct Place: Sendable {
        let sequence: UInt64
        /// Those of the commit's events: one at least.
        let versions: ClosedRange<Int>
    }

    fileprivate static let generationSize = 131_072

    fileprivate struct State {
        /// By the streams' subjects, in the order of the sequences.
        var young: [String: [Place]] = [:]
        var old: [String: [Place]] = [:]
        /// Places of the young ones.
        var count = 0
    }

    private let state = Mutex(State())

    /// The sequences of those commits on a subject that are known to hold some of the versions.
    func sequences(on subject: String, holding versions: ClosedRange<Int>) -> [UInt64] {
        state.withLock { state in
            if let old = state.old.removeValue(forKey: subject) { state.add(old, on: subject) }
            return (state.young[subject] ?? []).lazy.filter { $0.versions.overlaps(versions) }.map(\.sequence)
        }
    }

    func keep(_ places: [Place], on subject: String) {
        state.withLock { $0.add(places, on: subject) }
    }

    func forget(_ subject: String) {
        state.withLock { state in
            state.count -= state.young.removeValue(forKey: subject)?.count ?? 0
            state.old[subject] = nil
        }
    }
}

extension CommitPlaceCache.State {
    fileprivate mutating func add(_ places: [CommitPlaceCache.Place], on subject: String) {
        var all = young.removeValue(forKey: subject) ?? []
        count -= all.count
        let known = Set(all.map(\.sequence))
        all += places.filter { !known.contains($0.sequence) }
        all.sort { $0.sequence < $1.sequence }
        guard all.count <= CommitPlaceCache.generationSize else { return }
        if count + all.count > CommitPlaceCache.generationSize {
            (old, young, count) = (young, [:], 0)
        }
        count += all.count
        young[subject] = all
    }
}
#endif
