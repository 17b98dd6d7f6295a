#if JetStream
public import Logging

/// A store on NATS JetStream: events and snapshots on one connection.
///
/// ```swift
/// var options = JetStreamOptions(servers: ["nats://a:4222", "nats://b:4222", "nats://c:4222"], name: "orders")
/// options.replicas = 3
/// let store = try await JetStreamStore.open(options)
/// let orders = AggregateRepository<Order>(store: store.events, snapshotStore: store.snapshots)
/// ```
///
/// Calls wait for answers without holding a thread. libnats reconnects by itself; calls that meet a lost connection go on
/// trying for ``JetStreamOptions/retryTime``.
public final class JetStreamStore: Sendable {
    /// The source of truth.
    public let events: JetStreamEventStore
    /// A cache of aggregates' states.
    public let snapshots: JetStreamSnapshotStore
    let session: JetStreamSession
    let layout: StoreLayout

    private init(_ log: EventLog) {
        session = log.session
        layout = log.layout
        events = JetStreamEventStore(log)
        snapshots = JetStreamSnapshotStore(session, layout)
    }

    /// Connects, and makes the store's streams where they are missing and the options allow it.
    ///
    /// - Parameters:
    ///   - options: where the store is.
    ///   - logger: takes warnings, such as a lost connection.
    /// - Throws: ``JetStreamError`` with, among others, ``JetStreamError/Code/unreachable``,
    ///   ``JetStreamError/Code/authenticationFailed``, ``JetStreamError/Code/jetStreamDisabled``,
    ///   ``JetStreamError/Code/noQuorum`` where the cluster is too small for the replicas, and
    ///   ``JetStreamError/Code/unsupportedFormat`` where the store was made by a newer version of this library.
    public static func open(
        _ options: JetStreamOptions,
        logger: Logger = Logger(label: "strata", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws(JetStreamError) -> JetStreamStore {
        try options.check()
        let session = JetStreamSession(
            connection: try await NATSConnection.connect(options, logger: logger), options: options, logger: logger)
        do throws(JetStreamError) {
            let layout = try await session.openStreams()
            let log = EventLog(
                session: session, layout: layout, heads: StreamHeadCache(), places: CommitPlaceCache(),
                trims: TrimTable())
            _ = try await log.lastMessage(on: layout.allEvents, until: session.deadline)
            return JetStreamStore(log)
        } catch {
            session.connection.close()
            throw error
        }
    }

    /// Ends the connection, without waiting for it. Calls under way fail; an append among them may be stored. Before the process
    /// ends, use ``shutdown()``.
    public func close() {
        session.connection.close()
    }

    /// Ends the connection as ``close()`` does, and returns once none of its threads runs any more.
    ///
    /// Whoever lets the process end next has to wait for that: OpenSSL takes its own things down when a process ends, and a
    /// connection behind TLS that is still being closed uses them.
    public func shutdown() async {
        await session.connection.shutdown()
    }

    /// Deletes the store with everything in it, for good.
    ///
    /// - Throws: ``JetStreamError``; part of the store may be deleted then.
    package func remove() async throws(JetStreamError) {
        try await callForEachStream("STREAM.DELETE")
    }

    /// Deletes everything in the store, for good. Positions go on where they were.
    ///
    /// - Throws: ``JetStreamError``; part of the content may be deleted then.
    package func clear() async throws(JetStreamError) {
        try await callForEachStream("STREAM.PURGE")
    }

    private func callForEachStream(_ name: String) async throws(JetStreamError) {
        for stream in layout.all {
            let answer: Result<ServerAnswer, ServerFailure> = try await session.call(
                "\(name).\(stream.name)", "", until: session.deadline)
            if let failure = answer.failure, !failure.isStreamNotFound { throw JetStreamError(failure) }
        }
    }
}
#endif
