#if JetStream
public import EventSourcing
public import FoundationEssentials

/// An event store on NATS JetStream, shared by any number of processes.
///
/// One append is one message on the subject of its stream, so that it is stored whole or not at all. It carries the demand
/// that the subject's last sequence is the one its author knows, so that of two appends to one place the server takes one.
/// A commit beyond 1 MiB has its events in messages of another stream; the commit itself still is one message.
///
/// **Durability.** An append returns when JetStream has acknowledged the commit: with one replica, when the server has written it
/// to its file; with three, when two of the servers have. None of them has synced it: JetStream syncs at intervals, by default
/// every two minutes. An acknowledged event so survives servers that are killed, and with three replicas the loss of one
/// machine or its disk; it does not survive a loss of power at all servers that hold it within the interval. The result's
/// durability is `.written`.
///
/// **Order.** A position is the commit's sequence times 16,384 plus the event's place in the commit. Sequences are given out by the
/// stream's leader in the order of storing, and readers see them in that order, so that resuming behind a position misses
/// nothing. `storedAt` is the leader's time of the message; it goes back only if that server's clock does, or the next
/// leader's clock is behind.
///
/// **Event ids** are unique in the store for good. Each has a message of its own, by which the servers keep about 150 bytes of memory;
/// an append takes a round trip for the claims and one for the commit, and with replicas a third.
public final class JetStreamEventStore: EventStore {
    let log: EventLog
    let turns = StreamTurns()

    init(_ log: EventLog) {
        self.log = log
    }

    /// Appends events; see ``EventSourcing/EventAppending/append(_:to:expecting:)``.
    ///
    /// Appends of one process to one stream take turns. While servers are down, an append goes on trying for
    /// ``JetStreamOptions/retryTime``; then it fails with `ioFailure` if nothing was stored for certain, and with
    /// `outcomeUnknown` if the commit may be stored: repeat it, and it is either found or stored.
    public func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> AppendResult {
        try await append(events, to: stream, expecting: expected, storedAt: nil)
    }

    /// Appends events that another store took at an earlier time, which they keep.
    ///
    /// - Parameter storedAt: when that was; nil for now. It must not lie before that of events which are here already.
    package func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion, storedAt: Timestamp?
    ) async throws(EventStoreError) -> AppendResult {
        try EventLimits.check(events, to: stream, expecting: expected)
        return try await turns.withTurn(at: stream) { () throws(EventStoreError) in
            var append = Append(events, to: stream, expecting: expected, storedAt: storedAt, in: log)
            return try await append.run()
        }
    }

    /// Releases events; see ``EventSourcing/StreamDeleting/truncate(_:before:expecting:)``.
    ///
    /// Messages of commits that are released as a whole are deleted. One that is released in part stays whole on the servers,
    /// and readers leave its released events out.
    @discardableResult
    public func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await release(.truncation(before: version), of: stream, expecting: expected)
    }

    /// Releases all events; see ``EventSourcing/StreamDeleting/delete(_:mode:expecting:)``.
    @discardableResult
    public func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await release(.deletion(mode), of: stream, expecting: expected)
    }

    private func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try EventLimits.check(stream, expecting: expected)
        return try await turns.withTurn(at: stream) { () throws(EventStoreError) in
            try await Release(of: stream, in: log) { status throws(EventStoreError) in
                try release.status(behind: status, of: stream, expecting: expected)
            }.run()
        }
    }

    public func version(of stream: StreamID) async throws(EventStoreError) -> Int {
        try await status(of: stream).version
    }

    public func status(of stream: StreamID) async throws(EventStoreError) -> StreamStatus {
        try await reading { () throws(JetStreamError) in
            try await log.head(of: stream, until: log.session.deadline).status
        }
    }

    public func event(withID id: UUID) async throws(EventStoreError) -> RecordedEvent? {
        try await reading { () throws(JetStreamError) in
            try await log.commit(holding: id.bits, until: log.session.deadline)?.events.first { $0.id == id }
        }
    }

    public func currentPosition() async throws(EventStoreError) -> Position? {
        try await reading { () throws(JetStreamError) in
            try await log.lastPosition(until: log.session.deadline)
        }
    }

    public func read(_ query: StreamQuery) -> EventBatches {
        batches(limit: query.limit, checkingName: query.stream.aggregateType) { [log] in
            var read = StreamRead(query, of: log)
            return { () throws(JetStreamError) in try await read.nextBatch() }
        }
    }

    public func read(_ query: FeedQuery) -> EventBatches {
        // The server looks for one aggregate type; several are picked out here.
        let subject: String
        switch query.filter.aggregateTypes {
        case let types? where types.isEmpty: return EventBatches([])
        case let types? where types.count == 1 && types.allSatisfy(EventLimits.isValidAggregateType):
            subject = types.first.map(log.layout.events(ofType:)) ?? log.layout.allEvents
        default: subject = log.layout.allEvents
        }
        return batches(limit: query.limit, checkingName: nil) { [log] in
            var read = FeedRead(query, on: subject, of: log)
            return { () throws(JetStreamError) in try await read.nextBatch() }
        }
    }

    public func read(_ query: CategoryQuery) -> EventBatches {
        batches(limit: query.limit, checkingName: query.aggregateType) { [log] in
            var read = FeedRead(query, of: log)
            return { () throws(JetStreamError) in try await read.nextBatch() }
        }
    }

    private typealias Read = () async throws(JetStreamError) -> [RecordedEvent]?

    private func batches(
        limit: Int?, checkingName name: String?, _ begin: @escaping @Sendable () -> Read
    ) -> EventBatches {
        if let limit, limit < 0 { return EventBatches(failing: .negativeLimit(limit)) }
        if let name, !EventLimits.isValidAggregateType(name) {
            return EventBatches(
                failing: EventStoreError(.invalidArgument, "what is to be read is no name of an aggregate type"))
        }
        return EventBatches {
            let next = begin()
            return { () throws(EventStoreError) in
                do throws(JetStreamError) {
                    return try await next()
                } catch {
                    throw EventStoreError("reading failed", error)
                }
            }
        }
    }

    func reading<Value>(
        _ body: () async throws(JetStreamError) -> Value
    ) async throws(EventStoreError) -> Value {
        do throws(JetStreamError) {
            return try await body()
        } catch {
            throw EventStoreError("reading failed", error)
        }
    }
}
#endif
