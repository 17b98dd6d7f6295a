#if JetStream
import EventSourcing

/// One iteration of a read of a stream.
///
/// It asks the leader for the stream's last commit, and finds the others from there by what each commit says of its
/// ancestors, and by what earlier reads have found. Commits that are known are asked for at once, from any replica.
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
        events.reserveCapacity(count)
        for message in try await log.messages(of: last, holding: next, until: deadline) {
            let commit = try await log.session.commit(
                in: message, to: query.stream, of: log.layout, until: deadline)
            for event in commit.events where next.contains(event.version) { events.append(event) }
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
#endif
