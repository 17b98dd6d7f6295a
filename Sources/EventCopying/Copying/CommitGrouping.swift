import EventSourcing

/// Makes commits of a feed's events.
///
/// A feed does not tell which events were appended together. Neighbours of one stream that follow each other and have
/// one stored-at count as one commit, as far as one append may hold them.
struct CommitGrouping {
    private var events: [RecordedEvent] = []
    private var bytes = 0

    /// Takes the feed's next event.
    ///
    /// - Returns: the commit that stands before it, once that is whole.
    mutating func add(_ event: RecordedEvent) -> RecordedCommit? {
        let eventBytes = event.payload.count + event.metadata.encoded.count
        guard let last = events.last else {
            events = [event]
            bytes = eventBytes
            return nil
        }
        let belongs =
            event.stream == last.stream && event.version == last.version + 1 && event.storedAt == last.storedAt
            && events.count < EventLimits.eventsPerAppend && bytes + eventBytes <= EventLimits.appendBytes
        if belongs {
            events.append(event)
            bytes += eventBytes
            return nil
        }
        let commit = RecordedCommit(events: events, bytes: bytes)
        events = [event]
        bytes = eventBytes
        return commit
    }

    /// The last commit; nil where there was no event.
    mutating func finish() -> RecordedCommit? {
        guard !events.isEmpty else { return nil }
        defer { events = [] }
        return RecordedCommit(events: events, bytes: bytes)
    }
}

/// Events of one stream that were stored together, one or more.
struct RecordedCommit {
    let events: [RecordedEvent]
    /// Of payloads and metadata.
    let bytes: Int

    var stream: StreamID { events[0].stream }
    var firstVersion: Int { events[0].version }
    var lastPosition: Position { events[events.count - 1].position }

    var imported: ImportedCommit {
        ImportedCommit(
            events.map { NewEvent($0) }, to: stream, firstVersion: firstVersion, storedAt: events[0].storedAt)
    }
}
