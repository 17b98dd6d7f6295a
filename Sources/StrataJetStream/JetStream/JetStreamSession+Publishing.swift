#if JetStream
import EventSourcing
import FoundationEssentials

/// A message for a stream.
struct Publication: Sendable {
    let subject: String
    /// The sequence that the subject's last message must have; 0 where there must be none, nil where it does not matter.
    var expectedSequence: UInt64?
    /// By which the server knows a message that it has already.
    var messageID: String?
    var headers: [(name: String, value: String)] = []
    let payload: Bytes

    var request: NATSRequest {
        var headers = headers
        if let expectedSequence {
            headers.append(("Nats-Expected-Last-Subject-Sequence", String(expectedSequence)))
        }
        if let messageID { headers.append(("Nats-Msg-Id", messageID)) }
        return NATSRequest(subject: subject, headers: headers, payload: payload)
    }
}

/// What became of a publication.
enum PublicationOutcome: Sendable {
    /// Stored, now or by an earlier try with the same message id.
    case stored(sequence: UInt64)
    /// Not stored: the subject's last sequence is another than expected.
    case overtaken
    /// Not stored.
    case failed(JetStreamError)
    /// Perhaps stored.
    case unknown(JetStreamError)
}

extension JetStreamSession {
    /// Publishes messages, one try each.
    func publishOnce(_ publications: [Publication]) async -> [PublicationOutcome] {
        await connection.send(publications.map(\.request), timeout: options.requestTimeout).map(Self.outcome)
    }

    /// Publishes messages whose expected sequences make repeating them harmless, until each is decided or time is up.
    ///
    /// One that counts as overtaken may be overtaken by itself: an earlier try whose answer was lost.
    func publish(
        _ publications: [Publication], until deadline: ContinuousClock.Instant
    ) async -> [PublicationOutcome] {
        await send(publications.map(\.request), until: deadline).map(Self.outcome)
    }

    private static func outcome(_ result: ReplyResult) -> PublicationOutcome {
        switch result {
        case .failure(let failure):
            return failure.mayHaveArrived ? .unknown(JetStreamError(failure)) : .failed(JetStreamError(failure))
        case .success(let reply):
            if let sequence = acknowledgedSequence(reply.payload) { return .stored(sequence: sequence) }
            guard let failure = (try? JSONDecoder().decode(ServerAnswer.self, from: Data(reply.payload)))?.error else {
                return .unknown(JetStreamError(.refused, "the server's answer to a message is not understood"))
            }
            if failure.isWrongLastSequence { return .overtaken }
            return failure.isRefusal ? .failed(JetStreamError(failure)) : .unknown(JetStreamError(failure))
        }
    }

    /// The sequence in `{"stream":"…", "seq":5}`; nil where the answer is a failure. A decoder for all of JSON would
    /// cost more than the rest of an append.
    private static func acknowledgedSequence(_ payload: Bytes) -> UInt64? {
        payload.withContiguousStorageIfAvailable { bytes -> UInt64? in
            guard bytes.find(#""error""#) == nil, let start = bytes.find(#""seq":"#) else { return nil }
            var sequence: UInt64 = 0
            for byte in bytes[(start + 6)...] {
                guard (0x30...0x39).contains(byte), sequence < .max / 16 else { break }
                sequence = sequence * 10 + UInt64(byte - 0x30)
            }
            return sequence > 0 ? sequence : nil
        } ?? nil
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func find(_ text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return nil }
        return (0...count - length).first { start in
            (0..<length).allSatisfy { self[start + $0] == text.utf8Start[$0] }
        }
    }
}
#endif
