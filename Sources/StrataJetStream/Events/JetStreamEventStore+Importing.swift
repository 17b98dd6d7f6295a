#if JetStream
public import EventSourcing

extension JetStreamEventStore: EventImporting, ReleaseReading {
    /// Stores changes of another store, one after the other: where one fails, all before it are stored.
    ///
    /// Each commit takes two round trips, three with replicas.
    public func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        guard !changes.isEmpty else { return }
        for change in changes { try EventLimits.check(change) }
        var last = try await read(FeedQuery(direction: .backward, limit: 1)).collect().last?.storedAt ?? .distantPast
        for change in changes {
            switch change {
            case .commit(let commit):
                last = max(last, commit.storedAt)
                _ = try await append(
                    commit.events, to: commit.stream, expecting: commit.expectedVersion, storedAt: last)
            case .release(let source, let stream):
                _ = try await turns.withTurn(at: stream) { () throws(EventStoreError) in
                    try await Release(of: stream, in: log) { $0.takingOverReleases(of: source) }.run()
                }
            }
        }
    }

    /// The streams with releases; reads the last message of every stream.
    public func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        try await reading { () throws(JetStreamError) in
            guard let last = try await log.lastMessage(on: log.layout.allEvents, until: log.session.deadline)
            else { return [:] }
            var reader = ConsumerReader(
                log.session, stream: log.layout.events.name, subject: log.layout.allEvents, from: .lastOfEachSubject)
            var statuses: [StreamID: StreamStatus] = [:]
            var reached: UInt64 = 0
            while reached < last.sequence {
                for message in try await reader.next(until: log.session.deadline) {
                    reached = message.sequence
                    guard let stream = SubjectToken.stream(in: message.subject) else { continue }
                    let status = try log.header(of: message).status
                    statuses[stream] = status.hasReleases ? status : nil
                }
            }
            return statuses
        }
    }
}
#endif
