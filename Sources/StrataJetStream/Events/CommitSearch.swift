#if JetStream
import EventSourcing

/// One search for those commits of a stream that hold versions: from its last message by what each commit says of its
/// ancestors, and from what earlier searches have found.
struct CommitSearch {
    private let log: EventLog
    private let last: StoredMessage
    private let versions: ClosedRange<Int>
    private var asked: Set<UInt64> = []
    /// In the order of their sequences.
    private var holding: [CommitMessage] = []
    private var found: [CommitPlaceCache.Place] = []
    private var hasNews = false
    private var isCacheOutdated = false

    fileprivate init(for versions: ClosedRange<Int>, from last: StoredMessage, in log: EventLog) {
        self.versions = versions
        self.last = last
        self.log = log
    }

    fileprivate mutating func run(until deadline: ContinuousClock.Instant) async throws(JetStreamError)
        -> [CommitMessage]
    {
        asked.insert(last.sequence)
        var ancestors = [try take(last)]
        var hints = log.places.sequences(on: last.subject, holding: versions).filter { asked.insert($0).inserted }
        while !isComplete {
            var wanted = hints
            for ancestors in ancestors {
                ancestors.forEach(leadingTo: versions) { if asked.insert($0).inserted { wanted.append($0) } }
            }
            if wanted.isEmpty { break }
            let messages = try await log.session.settled(
                wanted.map { .sequence($0) }, of: log.layout.events, until: deadline)
            ancestors = []
            for (index, message) in messages.enumerated() {
                if let message, index >= hints.count || message.subject == last.subject {
                    ancestors.append(try take(message))
                    if index >= hints.count { hasNews = true }
                } else if index < hints.count {
                    isCacheOutdated = true
                }
            }
            if !isSorted { holding.sort { $0.stored.sequence < $1.stored.sequence } }
            hints = []
        }
        if isCacheOutdated { log.places.forget(last.subject) }
        if hasNews { log.places.keep(found, on: last.subject) }
        return holding
    }

    /// Takes a message in; gives what it says of its ancestors.
    private mutating func take(_ stored: StoredMessage) throws(JetStreamError) -> Ancestors {
        let message = try CommitMessage(stored, of: log.layout)
        guard stored.subject == last.subject else { throw message.damage(in: log.layout) }
        if let held = message.header.versions {
            if held.overlaps(versions) { holding.append(message) }
            found.append(CommitPlaceCache.Place(sequence: stored.sequence, versions: held))
        }
        return message.header.ancestors
    }

    private var isSorted: Bool {
        zip(holding, holding.dropFirst()).allSatisfy { $0.stored.sequence < $1.stored.sequence }
    }

    /// Whether every version is held. Those that are released may stay missing for good.
    private var isComplete: Bool {
        guard let first = holding.first, let last = holding.last, first.header.versionBefore < versions.lowerBound,
            last.header.status.version >= versions.upperBound
        else { return false }
        return zip(holding, holding.dropFirst()).allSatisfy { $0.header.status.version == $1.header.versionBefore }
    }
}

extension EventLog {
    /// The messages of a stream whose commits hold versions, in their order, found from its last message.
    ///
    /// Versions that are released may be missing.
    func messages(
        of last: StoredMessage, holding versions: ClosedRange<Int>, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [CommitMessage] {
        var search = CommitSearch(for: versions, from: last, in: self)
        return try await search.run(until: deadline)
    }
}

extension CommitHeader {
    /// Those of its events; nil where it holds none.
    fileprivate var versions: ClosedRange<Int>? { eventCount > 0 ? versionBefore + 1...status.version : nil }
}

extension Ancestors {
    /// Calls `body` with the sequences of those roots whose trees hold some of the versions.
    fileprivate func forEach(leadingTo versions: ClosedRange<Int>, _ body: (UInt64) -> Void) {
        for (index, root) in roots.enumerated() {
            let before = index + 1 < roots.count ? roots[index + 1].version : 0
            if root.version >= versions.lowerBound && before < versions.upperBound { body(root.sequence) }
        }
    }
}
#endif
