#if JetStream
import EventSourcing
import Synchronization

/// The first versions that are left of streams that have a commit which is released in part.
///
/// A message cannot be cut. Reads of one stream learn from its last commit what is released; reads across streams look
/// here. Whole commits that are released are deleted, and need no entry.
final class TrimTable: Sendable {
    fileprivate struct State {
        var firstVersions: [StreamID: Int] = [:]
        /// The sequence of the last message that was taken in.
        var sequence: UInt64 = 0
    }

    private let state = Mutex(State())

    /// All of them as of now. One question to the server, and one for each new entry.
    func firstVersions(
        in log: EventLog, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> [StreamID: Int] {
        let location = MessageLocation.last(subject: log.layout.allTrims)
        let last = try await log.session.newest([location], of: log.layout.trims, until: deadline)[0]
        let known = state.withLock { $0.sequence }
        guard let last, last.sequence > known else { return state.withLock { $0.firstVersions } }
        var reader = ConsumerReader(
            log.session, stream: log.layout.trims.name, subject: log.layout.allTrims, from: .sequence(known + 1))
        var reached = known
        while reached < last.sequence {
            let messages = try await reader.next(until: log.session.deadline)
            reached = messages.last?.sequence ?? last.sequence
            state.withLock { state in
                for message in messages { state.take(message) }
            }
        }
        return state.withLock { $0.firstVersions }
    }

    /// Records what is left of a stream; an entry only ever rises.
    func record(
        _ firstVersion: Int, of stream: StreamID, in log: EventLog, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) {
        let subject = log.layout.trim(of: stream)
        while ContinuousClock.now < deadline {
            let stored = try await log.session.newest([.last(subject: subject)], of: log.layout.trims, until: deadline)[
                0]
            if let stored, let version = Self.firstVersion(in: stored), version >= firstVersion { return }
            var writer = ByteWriter(capacity: 8)
            writer.write(Int64(firstVersion))
            let publication = Publication(
                subject: subject, expectedSequence: stored?.sequence ?? 0, payload: Bytes(writer.bytes))
            switch await log.session.publish([publication], until: deadline)[0] {
            case .stored: return
            case .overtaken: continue
            case .failed(let error), .unknown(let error): throw error
            }
        }
        throw JetStreamError(.timedOut, "other truncations of the stream came first all the time; try again")
    }

    fileprivate static func firstVersion(in message: StoredMessage) -> Int? {
        var reader = ByteReader(message.payload)
        return reader.read(Int64.self).flatMap { Int(exactly: $0) }
    }
}

extension TrimTable.State {
    fileprivate mutating func take(_ message: StoredMessage) {
        sequence = max(sequence, message.sequence)
        guard let stream = SubjectToken.stream(in: message.subject),
            let firstVersion = TrimTable.firstVersion(in: message)
        else { return }
        firstVersions[stream] = max(firstVersions[stream] ?? 0, firstVersion)
    }
}
#endif
