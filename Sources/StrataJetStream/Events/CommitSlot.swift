#if JetStream
import EventSourcing

/// The right to commit behind a stream's last commit, in a cluster.
///
/// A cluster of nats-server 2.9 checks an expected sequence above 0 when its leader takes a message, against what is stored
/// by then; two messages under way at once can both pass. An expected sequence of 0 is checked when a message is stored,
/// on every replica. So whoever commits behind a sequence first makes a message whose subject is that sequence, and which
/// must not exist.
struct CommitSlot: Sendable {
    private let log: EventLog
    private let sequence: UInt64

    /// Takes the slot behind a stream's last commit.
    ///
    /// A holder that died is waited for: longer than a live one waits for its server.
    ///
    /// - Returns: nil where another commit came first.
    static func take(
        behind head: StreamHead, of stream: StreamID, in log: EventLog, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> CommitSlot? {
        let patience = log.session.options.requestTimeout + .seconds(1)
        let start = ContinuousClock.now
        let subject = log.layout.slot(behind: head.sequence)
        var writer = ByteWriter(capacity: 16)
        writer.write(UInt128.random(in: 0 ... .max))
        let token = Bytes(writer.bytes)
        var replaced: UInt64 = 0
        var backoff = Backoff()
        while true {
            let publication = Publication(subject: subject, expectedSequence: replaced, payload: token)
            switch await log.session.publish([publication], until: deadline)[0] {
            case .stored(let sequence): return CommitSlot(log: log, sequence: sequence)
            case .failed(let error), .unknown(let error): throw error
            case .overtaken: break
            }
            replaced = 0
            let holder = try await log.session.newest([.last(subject: subject)], of: log.layout.ids, until: deadline)[0]
            if let holder, holder.payload == token { return CommitSlot(log: log, sequence: holder.sequence) }
            if try await log.head(of: stream, until: deadline).sequence != head.sequence { return nil }
            if let holder, ContinuousClock.now - start > patience { replaced = holder.sequence }
            guard ContinuousClock.now < deadline else {
                throw JetStreamError(.timedOut, "another append to the stream neither ends nor gives way; try again")
            }
            await backoff.wait()
        }
    }

    /// Gives the slot back, once the commit is decided: by then the stream stands elsewhere, or nobody has committed.
    func giveBack() {
        log.session.connection.post(
            NATSRequest(
                subject: "$JS.API.STREAM.MSG.DELETE.\(log.layout.ids.name)",
                payload: Bytes(#"{"seq":\#(sequence),"no_erase":true}"#)))
    }
}
#endif
