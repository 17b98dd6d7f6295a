import EventSourcing
import FoundationEssentials

/// Tells a retry, which gets the result of the earlier append, from an event id that is taken.
struct EarlierAppend: Sendable {
    let reader: LogReader

    /// Looks into frames that may hold some of an append's ids. May block.
    ///
    /// - Returns: the earlier result where the append is a retry; nil where no frame holds any of the ids.
    /// - Throws: ``EventStoreError/Code/duplicateEventID`` where one does and it is not.
    func result(
        of commit: EncodedCommit, expecting expected: ExpectedVersion, among candidates: [LogIndex.Location]
    ) throws(EventStoreError) -> AppendResult? {
        let found: (events: [RecordedEvent], index: Int)?
        do {
            found = try reader.commit(containingAnyOf: commit.eventIDs, among: candidates)
        } catch { throw EventStoreError(reading: error) }
        guard let (stored, taken) = found, let first = stored.first, let last = stored.last else { return nil }
        let status: StreamStatus
        do {
            status = try reader.ask { index throws(IndexFault) in try index.status(of: first.stream, .verifying) }
        } catch { throw EventStoreError(reading: error) }
        // The earlier append could have made the same demand: it stands right behind the version it allows.
        guard
            first.stream == commit.stream, stored.map(\.id.bits) == commit.eventIDs,
            expected.allowsRetry(ofAppendAt: first.version, in: status)
        else { throw .duplicate(eventID: stored[taken].id, in: commit.stream) }
        return AppendResult(
            version: last.version, firstPosition: first.position, lastPosition: last.position,
            durability: reader.index.durablePosition >= last.position.rawValue ? .synced : .written)
    }
}
