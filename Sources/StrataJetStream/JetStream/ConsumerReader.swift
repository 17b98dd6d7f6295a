#if JetStream
import EventSourcing

/// Messages of a stream in the order of their sequences, through a consumer of the server.
///
/// The consumer lives in one server's memory and goes with it; then another one is made that goes on behind the last
/// message. That server may lag behind the stream's leader: whoever reads asks the leader first where to end.
struct ConsumerReader {
    /// Where to begin.
    enum Start: Sendable {
        case sequence(UInt64)
        case time(Timestamp)
        /// The last message of each subject alone; where the consumer has to be made anew, all messages that follow.
        case lastOfEachSubject
    }

    /// Messages and bytes of one request.
    private static let batchCount = 512
    private static let batchBytes = 8 << 20
    private static let expiry = Duration.seconds(2)

    private let session: JetStreamSession
    private let stream: String
    private let subject: String
    private var start: Start
    private var consumer: ServerConsumer?

    init(_ session: JetStreamSession, stream: String, subject: String, from start: Start) {
        self.session = session
        self.stream = stream
        self.subject = subject
        self.start = start
    }

    /// The next messages, at least one; waits for them, no longer than until a deadline.
    mutating func next(until deadline: ContinuousClock.Instant) async throws(JetStreamError) -> [StoredMessage] {
        var backoff = Backoff()
        while true {
            let failure: RequestFailure
            do throws(RequestFailure) {
                let current = try await openConsumer(until: deadline)
                let messages = try await current.next(Self.batchCount, bytes: Self.batchBytes, expiry: Self.expiry)
                if let last = messages.last {
                    start = .sequence(last.sequence + 1)
                    return messages
                }
                failure = .timedOut
            } catch {
                failure = error
                consumer = nil
            }
            guard failure.isTransient, ContinuousClock.now < deadline else { throw JetStreamError(failure) }
            await backoff.wait()
        }
    }

    private mutating func openConsumer(until deadline: ContinuousClock.Instant) async throws(RequestFailure)
        -> ServerConsumer
    {
        if let consumer { return consumer }
        let beginning =
            switch start {
            case .sequence(let sequence): #""deliver_policy":"by_start_sequence","opt_start_seq":\#(sequence)"#
            case .lastOfEachSubject: #""deliver_policy":"last_per_subject""#
            case .time(let time): #""deliver_policy":"by_start_time","opt_start_time":"\#(time)""#
            }
        let configuration = """
            {"stream_name":"\(stream)","config":{\(beginning),"ack_policy":"none","replay_policy":"instant",\
            "filter_subject":"\(subject)","mem_storage":true,"num_replicas":1,"inactive_threshold":10000000000}}
            """
        let name: String
        do {
            let created: Result<ConsumerInformation, ServerFailure> = try await session.call(
                "CONSUMER.CREATE.\(stream)", configuration, until: deadline)
            name = try created.get().name
        } catch {
            throw .refused("no consumer can be made: \(error)")
        }
        let made = ServerConsumer(session.connection, stream: stream, name: name, expiry: Self.expiry)
        consumer = made
        return made
    }
}

private struct ConsumerInformation: Decodable {
    let name: String
}

/// A consumer on a server; it ends with its owner.
private final class ServerConsumer {
    private let connection: NATSConnection
    private let stream: String
    private let name: String
    private let subscription: MessageSubscription
    /// Messages that the current request may still bring.
    private var outstanding = 0

    init(_ connection: NATSConnection, stream: String, name: String, expiry: Duration) {
        self.connection = connection
        self.stream = stream
        self.name = name
        subscription = connection.subscribe(timeout: expiry + .seconds(1))
    }

    deinit {
        connection.post(NATSRequest(subject: "$JS.API.CONSUMER.DELETE.\(stream).\(name)"))
    }

    /// Messages that are there; none where none came in time.
    func next(_ count: Int, bytes: Int, expiry: Duration) async throws(RequestFailure) -> [StoredMessage] {
        if outstanding == 0 {
            outstanding = count
            subscription.request(
                NATSRequest(
                    subject: "$JS.API.CONSUMER.MSG.NEXT.\(stream).\(name)",
                    payload: Bytes(#"{"batch":\#(count),"max_bytes":\#(bytes),"expires":\#(expiry.nanoseconds)}"#)))
        }
        var messages: [StoredMessage] = []
        for reply in try await subscription.next() {
            if let message = StoredMessage(delivered: reply) {
                messages.append(message)
                outstanding -= 1
            } else if reply.status == 409, !reply.statusText.contains("Exceeds") {
                // The consumer is gone, or its server goes.
                if messages.isEmpty { throw .disconnected }
                outstanding = 0
            } else if reply.status >= 400 {
                outstanding = 0
            }
        }
        if outstanding <= 0 {
            outstanding = 0
            subscription.pause()
        }
        return messages
    }
}

extension StoredMessage {
    /// A message as a consumer gives it out; nil where it is none, but a status.
    ///
    /// The subject for its answer says where it stands:
    /// `$JS.ACK.STREAM.CONSUMER.TRIES.SEQUENCE.COUNT.TIME.PENDING`, with two more parts behind `ACK` on newer servers.
    fileprivate init?(delivered reply: NATSReply) {
        guard reply.status == 0 else { return nil }
        let parts = reply.replySubject.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 9, parts[1] == "ACK" else { return nil }
        let first = parts.count == 9 ? 5 : 7
        guard parts.count > first + 2, let sequence = UInt64(parts[first]), let nanoseconds = Int64(parts[first + 2]),
            let time = Timestamp(
                seconds: nanoseconds / 1_000_000_000, nanoseconds: UInt32(nanoseconds % 1_000_000_000))
        else { return nil }
        self.init(subject: reply.subject, sequence: sequence, time: time, payload: reply.payload)
    }
}
#endif
