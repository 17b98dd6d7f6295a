#if JetStream
import EventSourcing
import FoundationEssentials

/// A message of a stream.
struct StoredMessage: Sendable {
    let subject: String
    let sequence: UInt64
    /// When the stream's leader took it.
    let time: Timestamp
    let payload: Bytes
}

/// Which message of a stream is wanted. Subjects hold no characters that JSON would escape.
enum MessageLocation: Sendable {
    case sequence(UInt64)
    case last(subject: String)
    case next(subject: String, from: UInt64)

    fileprivate var json: Bytes {
        switch self {
        // Without an interpolation, which costs more than the rest of a request.
        case .sequence(let sequence): Bytes(#"{"seq":"# + String(sequence) + "}")
        case .last(let subject): Bytes(#"{"last_by_subj":"\#(subject)"}"#)
        case .next(let subject, let sequence): Bytes(#"{"seq":\#(sequence),"next_by_subj":"\#(subject)"}"#)
        }
    }
}

extension JetStreamSession {
    /// Messages of a stream as its leader has them, nil for those that are not there.
    ///
    /// - Parameter stream: the stream; one that has a single replica answers directly, which is cheaper.
    func newest(
        _ locations: [MessageLocation], of stream: StreamSettings, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage?] {
        stream.replicas == 1
            ? try await direct(locations, of: stream.name, until: deadline)
            : try await fromLeader(locations, of: stream.name, until: deadline)
    }

    /// Messages of a stream that never change once they are there, from whichever replica; nil for those that the
    /// leader has not either.
    func settled(
        _ locations: [MessageLocation], of stream: StreamSettings, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage?] {
        var messages = try await direct(locations, of: stream.name, until: deadline)
        guard stream.replicas > 1 else { return messages }
        // A replica that lags behind does not have the newest messages yet.
        let missing = messages.indices.filter { messages[$0] == nil }
        guard !missing.isEmpty else { return messages }
        let found = try await fromLeader(missing.map { locations[$0] }, of: stream.name, until: deadline)
        for (index, message) in zip(missing, found) { messages[index] = message }
        return messages
    }

    private func direct(
        _ locations: [MessageLocation], of stream: String, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage?] {
        let subject = "$JS.API.DIRECT.GET.\(stream)"
        let requests = locations.map { NATSRequest(subject: subject, payload: $0.json) }
        var messages: [StoredMessage?] = []
        messages.reserveCapacity(requests.count)
        for result in await send(requests, until: deadline) {
            switch result {
            case .failure(let failure): throw JetStreamError(failure)
            case .success(let reply) where reply.status == 404: messages.append(nil)
            case .success(let reply): messages.append(try StoredMessage(direct: reply))
            }
        }
        return messages
    }

    private func fromLeader(
        _ locations: [MessageLocation], of stream: String, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StoredMessage?] {
        let subject = "$JS.API.STREAM.MSG.GET.\(stream)"
        let requests = locations.map { NATSRequest(subject: subject, payload: $0.json) }
        var messages: [StoredMessage?] = []
        messages.reserveCapacity(requests.count)
        for result in await send(requests, until: deadline) {
            switch result {
            case .failure(let failure): throw JetStreamError(failure)
            case .success(let reply): messages.append(try StoredMessage(fromLeader: reply))
            }
        }
        return messages
    }
}

extension StoredMessage {
    /// A message as a replica gives it out.
    fileprivate init(direct reply: NATSReply) throws(JetStreamError) {
        guard let origin = reply.origin, let sequence = UInt64(origin.sequence),
            let time = Timestamp(rfc3339: origin.time)
        else {
            throw JetStreamError(
                .refused, "the server does not give out a message: \(reply.status) \(reply.statusText)")
        }
        self.init(subject: origin.subject, sequence: sequence, time: time, payload: reply.payload)
    }

    /// A message as the leader gives it out, in JSON; nil where there is none.
    fileprivate init?(fromLeader reply: NATSReply) throws(JetStreamError) {
        let data = Data(reply.payload)
        guard let answer = try? JSONDecoder().decode(LeaderAnswer.self, from: data) else {
            throw JetStreamError(.refused, "the server's answer to a read is not understood")
        }
        if let failure = answer.error {
            if failure.isMessageNotFound { return nil }
            throw JetStreamError(failure)
        }
        guard let message = answer.message, let time = Timestamp(rfc3339: message.time) else {
            throw JetStreamError(.refused, "the server's answer to a read holds no message")
        }
        self.init(
            subject: message.subject, sequence: message.seq, time: time,
            payload: Bytes(copying: message.data ?? Data()))
    }
}

private struct LeaderAnswer: Decodable {
    struct Message: Decodable {
        let subject: String
        let seq: UInt64
        let data: Data?
        let time: String
    }

    let error: ServerFailure?
    let message: Message?
}
#endif
