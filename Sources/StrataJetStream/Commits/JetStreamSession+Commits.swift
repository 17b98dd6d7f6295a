#if JetStream
import EventSourcing

extension JetStreamSession {
    /// Parts are this long, or as long as the server allows.
    private static let partBytes = 1 << 20
    /// So many parts are under way at once.
    private static let partsAtOnce = 16

    /// The longest content of one message, beside its headers and a commit's own.
    private var inlineBytes: Int {
        min(Self.partBytes, max(1 << 10, connection.maximumPayload - (16 << 10)))
    }

    /// Puts what is too long for one message into parts; a body that is short enough stays as it is.
    ///
    /// - Parameter subject: the parts' subject.
    func storeParts(
        of bytes: Bytes, on subject: String, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> CommitBody {
        guard bytes.count > inlineBytes else { return .inline(bytes) }
        let parts = stride(from: 0, to: bytes.count, by: inlineBytes).map { start in
            Publication(
                subject: subject, payload: bytes.slice(start..<min(start + inlineBytes, bytes.count)))
        }
        var sequences: [UInt64] = []
        for start in stride(from: 0, to: parts.count, by: Self.partsAtOnce) {
            let batch = Array(parts[start..<min(start + Self.partsAtOnce, parts.count)])
            for outcome in await publish(batch, until: deadline) {
                switch outcome {
                case .stored(let sequence): sequences.append(sequence)
                case .failed(let error), .unknown(let error): throw error
                case .overtaken: throw JetStreamError(.refused, "a part without a demand was refused for one")
                }
            }
        }
        return .parts(length: bytes.count, sequences)
    }

    /// What was put into parts; nil where a part is gone.
    func load(
        _ body: CommitBody, from parts: StreamSettings, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Bytes? {
        guard case .parts(let length, let sequences) = body else {
            if case .inline(let bytes) = body { return bytes }
            return nil
        }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: sequences.count, by: Self.partsAtOnce) {
            let batch = sequences[start..<min(start + Self.partsAtOnce, sequences.count)]
            for message in try await settled(batch.map { .sequence($0) }, of: parts, until: deadline) {
                guard let message, message.payload.count <= length - bytes.count else { return nil }
                message.payload.withSpan { span in span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
            }
        }
        return bytes.count == length ? Bytes(bytes) : nil
    }

    /// Gives up parts that nothing refers to. They do no harm but take room, so that a failure is let go.
    func discard(_ body: CommitBody, from parts: StreamSettings) {
        guard case .parts(_, let sequences) = body else { return }
        for sequence in sequences {
            connection.post(
                NATSRequest(
                    subject: "$JS.API.STREAM.MSG.DELETE.\(parts.name)",
                    payload: Bytes(#"{"seq":\#(sequence),"no_erase":true}"#)))
        }
    }

    /// The commit that a message holds, together with its parts.
    func commit(
        in message: StoredMessage, of layout: StoreLayout, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredCommit {
        let message = try CommitMessage(message, of: layout)
        guard let stream = SubjectToken.stream(in: message.stored.subject) else { throw message.damage(in: layout) }
        return try await commit(in: message, to: stream, of: layout, until: deadline)
    }

    /// The same, of a message that is decoded so far.
    ///
    /// - Parameter stream: which the message's subject names.
    func commit(
        in message: CommitMessage, to stream: StreamID, of layout: StoreLayout, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredCommit {
        let (header, sequence) = (message.header, message.stored.sequence)
        guard let bytes = try await load(message.body, from: layout.parts, until: deadline),
            let events = EncodedEvents.decode(
                bytes, count: header.eventCount,
                { (header.versionBefore + $0 + 1, StoredCommit.position(sequence, $0)) }, of: stream,
                storedAt: header.storedAt ?? message.stored.time)
        else { throw message.damage(in: layout) }
        return StoredCommit(header: header, stream: stream, sequence: sequence, events: events)
    }
}
#endif
