#if JetStream
/// A place where the messages come that a consumer gives out; it ends with its owner.
final class MessageSubscription: Sendable {
    private let connection: NATSConnection
    private let queue: MessageQueue
    let number: UInt64
    let subject: String

    init(_ connection: NATSConnection, queue: MessageQueue, number: UInt64, subject: String) {
        self.connection = connection
        self.queue = queue
        self.number = number
        self.subject = subject
    }

    deinit {
        connection.unsubscribe(number)
    }

    func request(_ request: NATSRequest) {
        connection.send(request, answersTo: self)
    }

    /// All messages that have come since the last call, at least one.
    func next() async throws(RequestFailure) -> [NATSReply] {
        try await queue.next()
    }

    /// Expects no messages until the next request.
    func pause() {
        connection.pause(number)
    }
}
#endif
