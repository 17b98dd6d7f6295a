#if JetStream
import EventSourcing

/// What became of a commit.
enum CommitOutcome: Sendable {
    case stored(sequence: UInt64)
    /// Not stored: another commit came first; nil where it is not there any longer.
    case overtaken(by: StoredCommit?)
}

/// Why a commit could not be made.
enum CommitFailure: Error, Sendable {
    case notStored(JetStreamError)
    /// Whether it is stored is not known.
    case unknown(JetStreamError)
}

extension EventLog {
    /// Publishes a commit behind a stream's last one, until it is decided or time is up.
    ///
    /// In a cluster, the slot behind the last one comes first; see ``CommitSlot``.
    func commit(
        _ header: CommitHeader, _ body: CommitBody, to stream: StreamID, after head: StreamHead,
        until deadline: ContinuousClock.Instant
    ) async throws(CommitFailure) -> CommitOutcome {
        guard layout.events.replicas > 1, head.sequence > 0 else {
            return try await publish(header, body, to: stream, after: head, until: deadline)
        }
        let slot: CommitSlot
        do throws(JetStreamError) {
            guard let taken = try await CommitSlot.take(behind: head, of: stream, in: self, until: deadline) else {
                return .overtaken(by: try await commit(behind: EventIDClaim(by: stream, after: head), until: deadline))
            }
            slot = taken
        } catch {
            throw .notStored(error)
        }
        do throws(CommitFailure) {
            let outcome = try await publish(header, body, to: stream, after: head, until: deadline)
            slot.giveBack()
            return outcome
        } catch {
            // A commit whose outcome is unknown keeps its slot, so that nothing can be under way beside it.
            if case .notStored = error { slot.giveBack() }
            throw error
        }
    }

    /// Publishes a commit. Sending it again is harmless: the server knows it by its message id, and when that is forgotten,
    /// by the demand.
    private func publish(
        _ header: CommitHeader, _ body: CommitBody, to stream: StreamID, after head: StreamHead,
        until deadline: ContinuousClock.Instant
    ) async throws(CommitFailure) -> CommitOutcome {
        let publication = Publication(
            subject: layout.events(of: stream), expectedSequence: head.sequence,
            messageID: String(header.id, radix: 36), payload: header.encode(body))
        var mayBeStored = false
        var backoff = Backoff()
        while true {
            let error: JetStreamError
            switch await session.publishOnce([publication])[0] {
            case .stored(let sequence):
                heads.keep(StreamHead(header, at: sequence, floor: sequence), of: stream)
                return .stored(sequence: sequence)
            case .overtaken:
                return try await overtaken(header, of: stream, after: head, mayBeStored, until: deadline)
            case .unknown(let failure):
                mayBeStored = true
                error = failure
            case .failed(let failure):
                error = failure
            }
            guard error.isTransient, ContinuousClock.now < deadline else {
                throw mayBeStored ? .unknown(error) : .notStored(error)
            }
            await backoff.wait()
        }
    }

    /// What stands in the place that a commit was meant for: perhaps itself, where an answer was lost.
    private func overtaken(
        _ header: CommitHeader, of stream: StreamID, after head: StreamHead, _ mayBeStored: Bool,
        until deadline: ContinuousClock.Instant
    ) async throws(CommitFailure) -> CommitOutcome {
        do throws(JetStreamError) {
            let commit = try await commit(behind: EventIDClaim(by: stream, after: head), until: deadline)
            if let commit, commit.header.id == header.id { return .stored(sequence: commit.sequence) }
            return .overtaken(by: commit)
        } catch {
            throw mayBeStored ? .unknown(error) : .notStored(error)
        }
    }
}
#endif
