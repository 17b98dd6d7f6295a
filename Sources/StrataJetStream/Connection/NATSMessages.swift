#if JetStream
import EventSourcing

/// A message that asks for an answer.
struct NATSRequest: Sendable {
    let subject: String
    var headers: [(name: String, value: String)] = []
    var payload = Bytes()

    /// About what it takes on its way.
    var estimatedBytes: Int { payload.count + 256 }
}

/// An answer, or a message that a consumer was given.
struct NATSReply: Sendable {
    /// What it was published to, where a consumer gives it out.
    let subject: String
    /// Where an answer to this one would go; JetStream writes a delivered message's place and time into it.
    let replySubject: String
    /// The status line of a message without content, such as 404; 0 where there is none.
    let status: Int
    /// What the status line says.
    let statusText: String
    /// The headers by which a stored message says where it is.
    let origin: Origin?
    let payload: Bytes

    struct Origin: Sendable {
        let subject: String
        let sequence: String
        let time: String
    }
}

/// Why a request has no answer.
enum RequestFailure: Error, Sendable {
    /// It never left.
    case notSent(String)
    /// A server had nobody to give it to.
    case noResponders
    case timedOut
    case disconnected
    case closed
    /// The server ended the connection for good.
    case refused(String)

    /// Whether the request may have been carried out all the same.
    var mayHaveArrived: Bool {
        switch self {
        case .timedOut, .disconnected: true
        case .notSent, .noResponders, .closed, .refused: false
        }
    }

    /// Whether trying again can help.
    var isTransient: Bool {
        switch self {
        case .notSent, .noResponders, .timedOut, .disconnected: true
        case .closed, .refused: false
        }
    }
}
#endif
