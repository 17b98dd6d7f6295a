#if JetStream
import EventSourcing

/// A commit as it is stored, with its events.
struct StoredCommit: Sendable {
    /// Positions of one commit: its sequence times this, and then one for each event.
    static let positionsPerCommit = 1 << 14

    let header: CommitHeader
    let stream: StreamID
    let sequence: UInt64
    let events: [RecordedEvent]

    /// The sequence of the commit that holds a position, if there is one; 0 for positions before all commits.
    static func sequence(of position: Position) -> UInt64 {
        UInt64(max(0, position.rawValue) / positionsPerCommit)
    }

    static func position(_ sequence: UInt64, _ index: Int) -> Position {
        Position(min(Int(clamping: sequence), .max / positionsPerCommit - 1) * positionsPerCommit + index)
    }

    /// The same commit without what is released.
    func leaving(_ status: StreamStatus) -> StoredCommit {
        guard header.versionBefore + 1 < status.firstVersion else { return self }
        return StoredCommit(
            header: header, stream: stream, sequence: sequence,
            events: events.filter { $0.version >= status.firstVersion })
    }

    func contains(_ id: UInt128) -> Bool {
        events.contains { $0.id.bits == id }
    }
}
#endif
