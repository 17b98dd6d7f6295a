#if JetStream
import EventSourcing

/// One truncation or deletion on its way.
///
/// A message on the stream's subject decides it and carries what is left. Then the messages of released commits are deleted,
/// together with their parts. Whoever was interrupted between the two repeats the call.
struct Release {
    private let log: EventLog
    private let stream: StreamID
    private let leave: (StreamStatus) throws(EventStoreError) -> StreamStatus
    private let deadline: ContinuousClock.Instant

    /// - Parameter leave: what the stream is to be, as it stands.
    init(
        of stream: StreamID, in log: EventLog, leave: @escaping (StreamStatus) throws(EventStoreError) -> StreamStatus
    ) {
        self.leave = leave
        self.log = log
        self.stream = stream
        deadline = log.session.deadline
    }

    func run() async throws(EventStoreError) -> DeletionResult {
        while true {
            let (message, head) = try await current()
            let status = try leave(head.status)
            // Where nothing changes, an earlier call may have been interrupted.
            let sequence = status == head.status ? head.sequence : try await decide(status, after: head)
            if let sequence {
                if let message { try await cleanUp(behind: message, leaving: status, decidedBy: sequence) }
                return DeletionResult(status: status, durability: .written)
            }
            guard ContinuousClock.now < deadline else {
                throw EventStoreError(
                    .ioFailure, "appends to the stream came first all the time; nothing was released, try again",
                    stream: stream)
            }
        }
    }

    /// The stream's last message, and where it stands with that.
    private func current() async throws(EventStoreError) -> (StoredMessage?, StreamHead) {
        do throws(JetStreamError) {
            let floor = log.heads.newestSequence
            guard let message = try await log.lastMessage(on: log.layout.events(of: stream), until: deadline)
            else { return (nil, StreamHead(emptyUpTo: floor)) }
            return (message, StreamHead(try log.header(of: message), at: message.sequence, floor: floor))
        } catch {
            throw EventStoreError("nothing was released", error, stream: stream)
        }
    }

    /// Publishes what is left.
    ///
    /// - Returns: the sequence of the message; nil where another one came first.
    private func decide(_ status: StreamStatus, after head: StreamHead) async throws(EventStoreError) -> UInt64? {
        let header: CommitHeader
        do throws(JetStreamError) {
            header = CommitHeader(
                release: status, after: head, lastPosition: try await log.lastPosition(until: deadline))
        } catch {
            throw EventStoreError("nothing was released", error, stream: stream)
        }
        do throws(CommitFailure) {
            let outcome = try await log.commit(header, .inline(Bytes()), to: stream, after: head, until: deadline)
            if case .stored(let sequence) = outcome { return sequence } else { return nil }
        } catch {
            switch error {
            case .unknown(let error): throw unknown(error)
            case .notStored(let error): throw EventStoreError("nothing was released", error, stream: stream)
            }
        }
    }

    private func unknown(_ error: JetStreamError) -> EventStoreError {
        EventStoreError(
            .outcomeUnknown, "whether all events are released is not known; repeat the call to find out",
            stream: stream, cause: error)
    }

    /// Deletes the messages of commits whose events are all released.
    ///
    /// - Parameters:
    ///   - last: the stream's last message before the release was decided.
    ///   - sequence: the message that decided it.
    private func cleanUp(
        behind last: StoredMessage, leaving status: StreamStatus, decidedBy sequence: UInt64
    ) async throws(EventStoreError) {
        do throws(JetStreamError) {
            var keepsFrom = sequence
            if !status.isEmpty {
                let first = status.firstVersion...status.firstVersion
                guard let message = try await log.messages(of: last, holding: first, until: deadline).first
                else { return }
                keepsFrom = message.stored.sequence
                if message.header.versionBefore + 1 < status.firstVersion {
                    try await log.trims.record(status.firstVersion, of: stream, in: log, until: deadline)
                }
            }
            if status.firstVersion > 1 {
                let released = try await log.messages(of: last, holding: 1...status.firstVersion - 1, until: deadline)
                for message in released where message.stored.sequence < keepsFrom {
                    log.session.discard(message.body, from: log.layout.parts)
                }
            }
            // Servers take 1 for no limit at all.
            guard keepsFrom > 1 else { return }
            let answer: Result<ServerAnswer, ServerFailure> = try await log.session.call(
                "STREAM.PURGE.\(log.layout.events.name)",
                #"{"filter":"\#(log.layout.events(of: stream))","seq":\#(keepsFrom)}"#, until: deadline)
            if let failure = answer.failure { throw JetStreamError(failure) }
        } catch {
            throw unknown(error)
        }
    }
}
#endif
