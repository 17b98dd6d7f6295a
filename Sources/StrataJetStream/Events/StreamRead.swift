#if JetStream
import EventSourcing

/// One iteration of a read of a stream.
///
/// It asks the leader for the stream's last commit, and finds the others from there by what each commit says of its
/// ancestors. Commits that are known from a later one are asked for at once, from any replica.
struct StreamRead {
    private static let targetBytes = 4 << 20
    private static let windows = 16...2_048

    private let log: EventLog
    private let query: StreamQuery
    private var last: StoredMessage?
    /// The versions that are left to read; nil before the first batch.
    private var versions: ClosedRange<Int>?
    private var hasBegun = false
    private var wanted: Int
    /// How many versions to read at once.
    private var window = 256

    init(_ query: StreamQuery, of log: EventLog) {
        self.query = query
        self.log = log
        wanted = query.limit ?? .max
    }

    mutating func nextBatch() async throws(JetStreamError) -> [RecordedEvent]? {
        let deadline = log.session.deadline
        if !hasBegun { try await begin(until: deadline) }
        guard let versions, let last, wanted > 0 else { return nil }
        let count = min(window, wanted, versions.count)
        let next: ClosedRange<Int>
        switch query.direction {
        case .forward: next = versions.lowerBound...versions.lowerBound + count - 1
        case .backward: next = versions.upperBound - count + 1...versions.upperBound
        }
        self.versions = rest(of: versions, without: next)
        var events: [RecordedEvent] = []
        for message in try await log.messages(of: last, holding: next, until: deadline) {
            let commit = try await log.session.commit(in: message, of: log.layout, until: deadline)
            events += commit.events.filter { next.contains($0.version) }
        }
        adjustWindow(to: events)
        if query.direction == .backward { events.reverse() }
        wanted -= events.count
        return events
    }

    private mutating func begin(until deadline: ContinuousClock.Instant) async throws(JetStreamError) {
        hasBegun = true
        guard wanted > 0,
            let message = try await log.lastMessage(on: log.layout.events(of: query.stream), until: deadline)
        else { return }
        let header = try log.header(of: message)
        log.heads.keep(StreamHead(header, at: message.sequence, floor: message.sequence), of: query.stream)
        let lower = max(query.from ?? 1, header.status.firstVersion)
        let upper = min(query.to ?? .max, header.status.version)
        last = message
        versions = lower <= upper ? lower...upper : nil
    }

    private func rest(of versions: ClosedRange<Int>, without next: ClosedRange<Int>) -> ClosedRange<Int>? {
        if next == versions { return nil }
        return switch query.direction {
        case .forward: next.upperBound + 1...versions.upperBound
        case .backward: versions.lowerBound...next.lowerBound - 1
        }
    }

    private mutating func adjustWindow(to events: [RecordedEvent]) {
        let bytes = events.reduce(0) { $0 + $1.payload.count }
        if bytes > Self.targetBytes {
            window = max(window / 2, Self.windows.lowerBound)
        } else if bytes < Self.targetBytes / 4 {
            window = min(window * 2, Self.windows.upperBound)
        }
    }
}

extension EventLog {
    /// The messages of a stream whose commits hold versions, in their order, found from its last message.
    ///
    /// Versions that are released may be missing.
    func messages(
        of last: StoredMessage, holding versions: ClosedRange<Int>, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage] {
        var holding: [StoredMessage] = []
        var asked: Set<UInt64> = [last.sequence]
        var newest = [last]
        while !newest.isEmpty {
            var wanted: [UInt64] = []
            for message in newest {
                let header = try header(of: message)
                if header.eventCount > 0, header.versionBefore < versions.upperBound,
                    header.status.version >= versions.lowerBound
                {
                    holding.append(message)
                }
                for sequence in header.ancestors.leading(to: versions) where asked.insert(sequence).inserted {
                    wanted.append(sequence)
                }
            }
            newest = try await session.settled(wanted.map { .sequence($0) }, of: layout.events, until: deadline)
                .compactMap(\.self)
        }
        return holding.sorted { $0.sequence < $1.sequence }
    }
}

extension Ancestors {
    /// The sequences of those roots whose trees hold some of the versions.
    fileprivate func leading(to versions: ClosedRange<Int>) -> [UInt64] {
        roots.indices.filter { index in
            let before = index + 1 < roots.count ? roots[index + 1].version : 0
            return roots[index].version >= versions.lowerBound && before < versions.upperBound
        }.map { roots[$0].sequence }
    }
}
#endif
