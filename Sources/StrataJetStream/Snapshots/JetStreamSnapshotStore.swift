#if JetStream
public import EventSourcing
import FoundationEssentials

/// A snapshot store on NATS JetStream: of each aggregate, the last message of its subject, all others are dropped by the
/// server.
///
/// A state beyond 1 MiB is kept in messages of another stream. A snapshot that cannot be read counts as absent.
/// Deleting an aggregate type reads all its snapshots; every other call takes one or two round trips.
public final class JetStreamSnapshotStore: SnapshotStore {
    private let session: JetStreamSession
    private let layout: StoreLayout

    init(_ session: JetStreamSession, _ layout: StoreLayout) {
        self.session = session
        self.layout = layout
    }

    public func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        try EventLimits.check(snapshot)
        try await attempt("the snapshot was not saved", snapshot.stream) { () throws(JetStreamError) in
            let deadline = session.deadline
            while true {
                let (current, sequence) = try await current(of: snapshot.stream, until: deadline)
                if let current, current.schemaVersion == snapshot.schemaVersion, current.version > snapshot.version {
                    return
                }
                if try await replace(sequence, with: snapshot, until: deadline) {
                    if let current { session.discard(current.state, from: layout.parts) }
                    return
                }
                guard ContinuousClock.now < deadline else {
                    throw JetStreamError(
                        .timedOut, "other snapshots of the aggregate came first all the time; try again")
                }
            }
        }
    }

    public func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        try await attempt("the snapshot was not read", stream) { () throws(JetStreamError) in
            let deadline = session.deadline
            while true {
                let (current, sequence) = try await current(of: stream, until: deadline)
                guard let current else { return nil }
                if let state = try await session.load(current.state, from: layout.parts, until: deadline) {
                    return Snapshot(
                        stream: stream, version: current.version, schemaVersion: current.schemaVersion,
                        createdAt: current.createdAt, contentType: current.contentType, state: state)
                }
                // Its parts are gone: either another snapshot has replaced it, or it is damaged.
                guard try await self.current(of: stream, until: deadline).sequence != sequence else { return nil }
            }
        }
    }

    public func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        try await attempt("the snapshot was not read", stream) { () throws(JetStreamError) in
            try await current(of: stream, until: session.deadline).snapshot != nil
        }
    }

    @discardableResult
    public func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        try await attempt("the snapshot was not deleted", stream) { () throws(JetStreamError) in
            let deadline = session.deadline
            while true {
                let (snapshot, sequence) = try await current(of: stream, until: deadline)
                guard sequence > 0 else { return false }
                if try await delete(sequence, until: deadline) {
                    if let snapshot { session.discard(snapshot.state, from: layout.parts) }
                    return snapshot != nil
                }
            }
        }
    }

    @discardableResult
    public func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool {
        try await attempt("the snapshot was not deleted", snapshot.stream) { () throws(JetStreamError) in
            let deadline = session.deadline
            let (current, sequence) = try await current(of: snapshot.stream, until: deadline)
            guard let current, current.version == snapshot.version, current.schemaVersion == snapshot.schemaVersion,
                current.createdAt == snapshot.createdAt, current.contentType == snapshot.contentType
            else { return false }
            // A message that was replaced has gone.
            guard try await delete(sequence, until: deadline) else { return false }
            session.discard(current.state, from: layout.parts)
            return true
        }
    }

    @discardableResult
    public func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int {
        guard EventLimits.isValidAggregateType(aggregateType) else { return 0 }
        return try await attempt("not all snapshots were deleted", nil) { () throws(JetStreamError) in
            let deadline = session.deadline
            let subject = layout.snapshots(ofType: aggregateType)
            guard
                let last = try await session.newest([.last(subject: subject)], of: layout.snapshots, until: deadline)[0]
            else { return 0 }
            var reader = ConsumerReader(
                session, stream: layout.snapshots.name, subject: subject, from: .sequence(1))
            var outdated: [StoredMessage] = []
            var reached: UInt64 = 0
            while reached < last.sequence {
                for message in try await reader.next(until: session.deadline) {
                    reached = message.sequence
                    let schemaVersion = StoredSnapshot(message.payload)?.schemaVersion ?? 0
                    if schemaVersion < schemaVersionBelow ?? .max { outdated.append(message) }
                }
            }
            var count = 0
            for message in outdated where try await delete(message.sequence, until: session.deadline) {
                guard let snapshot = StoredSnapshot(message.payload) else { continue }
                session.discard(snapshot.state, from: layout.parts)
                count += 1
            }
            return count
        }
    }

    /// The aggregate's snapshot, and the sequence of its message; 0 where there is no message.
    private func current(
        of stream: StreamID, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> (snapshot: StoredSnapshot?, sequence: UInt64) {
        let location = MessageLocation.last(subject: layout.snapshot(of: stream))
        guard let message = try await session.newest([location], of: layout.snapshots, until: deadline)[0] else {
            return (nil, 0)
        }
        return (StoredSnapshot(message.payload), message.sequence)
    }

    /// Puts a snapshot in the place of the one with a sequence.
    ///
    /// - Returns: whether nobody else was faster.
    private func replace(
        _ sequence: UInt64, with snapshot: Snapshot, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Bool {
        let state = try await session.storeParts(
            of: snapshot.state, on: layout.snapshotParts(of: snapshot.stream), until: deadline)
        let publication = Publication(
            subject: layout.snapshot(of: snapshot.stream), expectedSequence: sequence,
            payload: StoredSnapshot(snapshot, state: state).encoded)
        switch await session.publish([publication], until: deadline)[0] {
        case .stored:
            if case .parts(_, let sequences) = state, let first = sequences.first {
                dropParts(of: snapshot.stream, before: first)
            }
            return true
        case .overtaken:
            // Perhaps by itself, where an answer was lost: its parts must stay then.
            return false
        case .failed(let error), .unknown(let error):
            throw error
        }
    }

    private func delete(
        _ sequence: UInt64, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Bool {
        let answer: Result<ServerAnswer, ServerFailure> = try await session.call(
            "STREAM.MSG.DELETE.\(layout.snapshots.name)", #"{"seq":\#(sequence),"no_erase":true}"#, until: deadline)
        switch answer {
        case .success: return true
        case .failure(let failure) where failure.isMessageNotFound: return false
        case .failure(let failure): throw JetStreamError(failure)
        }
    }

    /// Drops the parts of an aggregate's earlier snapshots, of saves that failed, too.
    ///
    /// A save that is under way loses its parts only if it has lost to the snapshot that is there now; it stores them again.
    /// Parts that stay do no harm but take room, so that a failure is let go.
    private func dropParts(of stream: StreamID, before sequence: UInt64) {
        // Servers take 1 for no limit at all.
        guard sequence > 1 else { return }
        session.connection.post(
            NATSRequest(
                subject: "$JS.API.STREAM.PURGE.\(layout.parts.name)",
                payload: Bytes(#"{"filter":"\#(layout.snapshotParts(of: stream))","seq":\#(sequence)}"#)))
    }

    private func attempt<Value>(
        _ what: String, _ stream: StreamID?, _ body: () async throws(JetStreamError) -> Value
    ) async throws(EventStoreError) -> Value {
        do throws(JetStreamError) {
            return try await body()
        } catch {
            throw EventStoreError(what, error, stream: stream)
        }
    }
}
#endif
