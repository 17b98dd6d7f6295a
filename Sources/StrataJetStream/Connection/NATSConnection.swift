#if JetStream
import CNATS
import Dispatch
import EventSourcing
import Logging
import Synchronization

/// A connection to NATS through libnats, on which many requests are under way at once.
///
/// libnats blocks where it writes much, connects and closes; that happens on a queue of the connection's own. Short requests
/// beside which nothing else is under way cannot block, and go without the queue. Answers come on libnats's thread, which
/// hands them over and resumes whoever waits, so that no thread ever waits for an answer.
/// libnats reconnects by itself. What was under way when a connection broke fails at once: whether the server still
/// got it is for the layer above to find out.
final class NATSConnection: Sendable {
    private let handle: NATSHandle
    private let outbox: DispatchQueue
    private let events: ConnectionEvents
    /// Where answers come, up to their numbers.
    private let inbox: String
    private let isSweeping = Mutex(false)

    private var router: ReplyRouter { events.router }

    /// Connects, and fails if that cannot be done now.
    static func connect(_ options: JetStreamOptions, logger: Logger) async throws(JetStreamError) -> NATSConnection {
        let outbox = DispatchQueue(label: "strata.jetstream")
        let result: Result<NATSConnection, JetStreamError> = await withCheckedContinuation { continuation in
            outbox.async {
                do throws(JetStreamError) {
                    continuation.resume(
                        returning: .success(try NATSConnection(options, outbox: outbox, logger: logger)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private init(_ options: JetStreamOptions, outbox: DispatchQueue, logger: Logger) throws(JetStreamError) {
        self.outbox = outbox
        events = ConnectionEvents(logger: logger)
        inbox = "_INBOX.\(String(UInt128.random(in: 0 ... .max), radix: 36))."
        handle = try NATSHandle(options, inbox: inbox + "*", events: events)
    }

    deinit {
        handle.close(on: outbox)
    }

    /// The largest message that the server takes, in bytes.
    var maximumPayload: Int { handle.maximumPayload }

    /// Closes the connection; what is under way fails.
    func close() {
        events.close()
        handle.close(on: outbox)
    }

    /// Closes the connection, and waits until none of its threads runs any more.
    func shutdown() async {
        events.close()
        await withCheckedContinuation { continuation in
            handle.close(on: outbox) { continuation.resume() }
        }
    }

    /// Sends requests in this order, and gives their answers once all are there or have failed.
    func send(_ requests: [NATSRequest], timeout: Duration) async -> [ReplyResult] {
        guard !requests.isEmpty else { return [] }
        if let failure = events.unavailable { return requests.map { _ in .failure(failure) } }
        return await withCheckedContinuation { continuation in
            let collector = ReplyCollector(count: requests.count, continuation)
            let isAlone = router.isIdle
            let first = router.expect(requests.count, within: timeout, for: collector)
            let reply = { @Sendable (index: Int) in self.inbox + String(first + UInt64(index)) }
            let fail = { @Sendable (index: Int, failure: RequestFailure) in
                self.router.fail(first + UInt64(index), failure)
            }
            if !isAlone || !isShort(requests) || !handle.publishIfFree(requests, replyingTo: reply, orFail: fail) {
                outbox.async { self.handle.publish(requests, replyingTo: reply, orFail: fail) }
            }
            sweep()
        }
    }

    /// Sends a request and gives its answer.
    func send(_ request: NATSRequest, timeout: Duration) async throws(RequestFailure) -> NATSReply {
        try await send([request], timeout: timeout)[0].get()
    }

    /// A place where messages come that answer one request after the other.
    ///
    /// - Parameter timeout: the longest time between a request or a message and the next message.
    func subscribe(timeout: Duration) -> MessageSubscription {
        let queue = MessageQueue()
        let number = router.register(queue, timeout: timeout)
        let subject = "\(inbox)m.\(number)"
        outbox.async {
            if let failure = self.handle.subscribe(to: subject, number, of: self.router) { queue.fail(failure) }
        }
        return MessageSubscription(self, queue: queue, number: number, subject: subject)
    }

    /// Sends a request whose answers come to a subscription.
    func send(_ request: NATSRequest, answersTo subscription: MessageSubscription) {
        let (number, subject) = (subscription.number, subscription.subject)
        if let failure = events.unavailable { return router.fail(number, failure) }
        router.expectMessages(true, for: number)
        outbox.async {
            self.handle.publish([request], replyingTo: { _ in subject }, orFail: { self.router.fail(number, $1) })
        }
        sweep()
    }

    /// Expects no messages until the next request.
    func pause(_ number: UInt64) {
        router.expectMessages(false, for: number)
    }

    func unsubscribe(_ number: UInt64) {
        router.forget(number)
        outbox.async { self.handle.unsubscribe(number) }
    }

    /// Sends a request whose answer nobody waits for.
    func post(_ request: NATSRequest) {
        outbox.async { self.handle.publish([request], replyingTo: { _ in nil }, orFail: { _, _ in }) }
    }

    private func isShort(_ requests: [NATSRequest]) -> Bool {
        let limit = handle.bytesWithoutBlocking
        var bytes = 0
        for request in requests where bytes <= limit { bytes += request.estimatedBytes }
        return bytes <= limit
    }

    /// Looks for what has waited too long, for as long as anything waits.
    private func sweep() {
        let begins = isSweeping.withLock { isSweeping in
            defer { isSweeping = true }
            return !isSweeping
        }
        if begins { scheduleSweep() }
    }

    private func scheduleSweep() {
        outbox.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak self] in
            guard let self else { return }
            router.failOverdue()
            isSweeping.withLock { $0 = false }
            if !router.isIdle { sweep() }
        }
    }
}
#endif
