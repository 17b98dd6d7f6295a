#if JetStream
import EventSourcing

extension EventLog {
    /// The position of the last event, released or not; nil in a store that never had one.
    func lastPosition(until deadline: ContinuousClock.Instant) async throws(JetStreamError) -> Position? {
        var message = try await lastMessage(on: layout.allEvents, until: deadline)
        // What a release says was the last position when it was made; what came between may still be there.
        var remembered: Position?
        while let current = message {
            let header = try header(of: current)
            if header.eventCount > 0 {
                return max(remembered ?? 0, StoredCommit.position(current.sequence, header.eventCount - 1))
            }
            if let position = header.lastPosition { remembered = max(remembered ?? 0, position) }
            let reached = remembered.map { StoredCommit.sequence(of: $0) } ?? 0
            guard current.sequence > reached + 1 else { return remembered }
            message = try await lastMessage(in: reached + 1...current.sequence - 1, until: deadline)
        }
        return remembered
    }

    private func lastMessage(
        in sequences: ClosedRange<UInt64>, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> StoredMessage? {
        var upper = sequences.upperBound
        while upper >= sequences.lowerBound {
            let lower = max(sequences.lowerBound, upper > 64 ? upper - 63 : 1)
            let found = try await session.settled(
                (lower...upper).map { .sequence($0) }, of: layout.events, until: deadline)
            if let message = found.compactMap(\.self).last { return message }
            upper = lower - 1
        }
        return nil
    }
}
#endif
