#if JetStream
import EventSourcing

/// One iteration of a read of the whole store or of an aggregate type.
///
/// It asks the leader for the last commit first, and reads up to there. A short way is read message by message, a longer
/// one through a consumer.
struct FeedRead {
    /// So many sequences are asked for one by one at most.
    private static let shortWay: UInt64 = 256
    private static let targetBytes = 4 << 20

    private enum Source {
        case consumer(ConsumerReader)
        case messages
    }

    private let log: EventLog
    private let subject: String
    private let query: FeedQuery
    /// The earliest stored-at.
    private let earliest: Timestamp?
    private var source: Source?
    /// What is left of streams whose commits are released in part.
    private var firstVersions: [StreamID: Int] = [:]
    private var last: StoredMessage?
    /// The sequences that are left to read.
    private var sequences: ClosedRange<UInt64>?
    private var wanted: Int
    private var window: UInt64 = 64

    init(_ query: FeedQuery, on subject: String, of log: EventLog) {
        self.init(query, earliest: nil, on: subject, of: log)
    }

    init(_ query: CategoryQuery, of log: EventLog) {
        let feed = FeedQuery(
            limit: query.limit,
            filter: EventFilter(aggregateTypes: [query.aggregateType], tenantID: query.tenantID))
        self.init(feed, earliest: query.from, on: log.layout.events(ofType: query.aggregateType), of: log)
    }

    private init(_ query: FeedQuery, earliest: Timestamp?, on subject: String, of log: EventLog) {
        self.query = query
        self.earliest = earliest
        self.subject = subject
        self.log = log
        wanted = query.limit ?? .max
    }

    mutating func nextBatch() async throws(JetStreamError) -> [RecordedEvent]? {
        let deadline = log.session.deadline
        if source == nil { try await begin(until: deadline) }
        guard wanted > 0, let sequences, let source else { return nil }
        let messages: [StoredMessage]
        switch source {
        case .messages: messages = try await nextMessages(of: sequences, until: deadline)
        case .consumer(var reader):
            // Held by one variable only, so that it is not copied.
            self.source = .messages
            messages = try await reader.next(until: deadline).filter { sequences.contains($0.sequence) }
            self.source = .consumer(reader)
            let reached = messages.last?.sequence ?? sequences.upperBound
            self.sequences = reached < sequences.upperBound ? reached + 1...sequences.upperBound : nil
        }
        return try await events(of: messages, until: deadline)
    }

    private mutating func begin(until deadline: ContinuousClock.Instant) async throws(JetStreamError) {
        source = .messages
        guard wanted > 0, let last = try await log.lastMessage(on: subject, until: deadline) else { return }
        firstVersions = try await log.trims.firstVersions(in: log, until: deadline)
        self.last = last
        let place = query.position.map { StoredCommit.sequence(of: $0) }
        switch query.direction {
        case .backward:
            let upper = min(place ?? .max, last.sequence)
            sequences = upper >= 1 ? 1...upper : nil
        case .forward:
            let lower = max(place ?? 1, 1)
            guard lower <= last.sequence else { return }
            if let earliest, last.time < earliest { return }
            sequences = lower...last.sequence
            if last.sequence - lower >= Self.shortWay {
                source = .consumer(
                    ConsumerReader(log.session, stream: log.layout.events.name, subject: subject, from: start(lower)))
            }
        }
    }

    /// Where a consumer begins. Servers take the instant 0 for none, and none beyond their own range.
    private func start(_ lower: UInt64) -> ConsumerReader.Start {
        guard let earliest, earliest.seconds > 0 else { return .sequence(lower) }
        return .time(earliest)
    }

    /// The next messages, asked for one by one.
    private mutating func nextMessages(
        of sequences: ClosedRange<UInt64>, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage] {
        let count = min(window, sequences.upperBound - sequences.lowerBound + 1)
        let next: ClosedRange<UInt64>
        switch query.direction {
        case .forward:
            next = sequences.lowerBound...sequences.lowerBound + count - 1
            self.sequences = next.upperBound < sequences.upperBound ? next.upperBound + 1...sequences.upperBound : nil
        case .backward:
            next = sequences.upperBound - count + 1...sequences.upperBound
            self.sequences = next.lowerBound > sequences.lowerBound ? sequences.lowerBound...next.lowerBound - 1 : nil
        }
        // The last one is at hand.
        let missing = next.filter { $0 != last?.sequence }
        var messages = try await log.session.settled(
            missing.map { .sequence($0) }, of: log.layout.events, until: deadline
        ).compactMap(\.self)
        if let last, next.contains(last.sequence) { messages.append(last) }
        let bytes = messages.reduce(0) { $0 + $1.payload.count }
        window = bytes > Self.targetBytes ? max(window / 2, 4) : min(window * 2, Self.shortWay)
        return query.direction == .forward ? messages : messages.reversed()
    }

    private mutating func events(
        of messages: [StoredMessage], until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        for message in messages where wanted > 0 {
            let commit = try await log.session.commit(in: message, of: log.layout, until: deadline)
            for event in query.direction == .forward ? commit.events : commit.events.reversed()
            where wanted > 0 && isWanted(event) {
                events.append(event)
                wanted -= 1
            }
        }
        return events
    }

    private func isWanted(_ event: RecordedEvent) -> Bool {
        if !firstVersions.isEmpty, let firstVersion = firstVersions[event.stream], event.version < firstVersion {
            return false
        }
        if let position = query.position {
            guard query.direction == .forward ? event.position > position : event.position < position
            else { return false }
        }
        if let earliest, event.storedAt < earliest { return false }
        return query.filter.matches(event)
    }
}
#endif
