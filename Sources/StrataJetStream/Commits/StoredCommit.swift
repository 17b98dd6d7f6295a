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

    var reference: CommitReference {
        CommitReference(sequence: sequence, number: header.number, version: header.versionBefore + header.eventCount)
    }

    /// The sequence of the commit that holds a position, if there is one; 0 for positions before all commits.
    static func sequence(of position: Position) -> UInt64 {
        UInt64(max(0, position.rawValue) / positionsPerCommit)
    }

    static func position(_ sequence: UInt64, _ index: Int) -> Position {
        Position(min(Int(clamping: sequence), .max / positionsPerCommit - 1) * positionsPerCommit + index)
    }

    /// What an append that made this commit returns.
    func result(_ durability: Durability) -> AppendResult? {
        guard let first = events.first, let last = events.last else { return nil }
        return AppendResult(
            version: last.version, firstPosition: first.position, lastPosition: last.position, durability: durability)
    }

    func contains(_ id: UInt128) -> Bool {
        events.contains { $0.id.bits == id }
    }
}
#endif
