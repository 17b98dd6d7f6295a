import EventSourcing
import FoundationEssentials

extension FaultyLog {
    /// Stores events without looking at anything.
    mutating func store(_ newEvents: [NewEvent], to stream: StreamID) -> AppendResult {
        let before = version(of: stream)
        let firstPosition = events.count + (fault == .givesReleasedPositionsAgain ? 0 : released.count) + 1
        let streamCount = events(of: stream).count
        let distortion = Distortion(fault: fault, first: newEvents.first)
        var stored: [RecordedEvent] = []
        for (offset, event) in newEvents.enumerated() {
            stored.append(
                RecordedEvent(
                    distortion.apply(to: event), stream: distortion.apply(to: stream),
                    version: storedVersion(before + offset + 1),
                    position: storedPosition(
                        firstPosition + offset, first: firstPosition, inStream: streamCount + offset + 1),
                    storedAt: Timestamp(
                        seconds: fault == .storesWithAClockGoingBackwards
                            ? -Int64(firstPosition) : Int64(firstPosition),
                        nanoseconds: 0) ?? .distantPast))
        }
        let result = AppendResult(
            version: fault == .returnsTheVersionBeforeTheAppend ? before : before + newEvents.count,
            firstPosition: Position(firstPosition + (fault == .returnsTheFirstPositionOffByOne ? 1 : 0)),
            lastPosition: Position(
                fault == .returnsTheFirstPositionAsTheLast ? firstPosition : firstPosition + newEvents.count - 1),
            durability: .volatile)
        if fault == .losesTheLastEventOfAnAppend, stored.count > 1 { stored.removeLast() }
        if fault == .reordersAnAppend { stored.reverse() }
        appends.append(stored)
        if fault == .putsLaterAppendsFirst {
            events = stored + events
            indexes = Dictionary(uniqueKeysWithValues: events.enumerated().map { ($1.id, $0) })
        } else {
            for (index, event) in stored.enumerated() { indexes[event.id] = events.count + index }
            events += stored
        }
        return adjusted(result, to: stored)
    }

    private func storedVersion(_ version: Int) -> Int {
        switch fault {
        case .beginsVersionsAtZero: version - 1
        case .leavesGapsInVersions: version + version / 3
        default: version
        }
    }

    private func storedPosition(_ position: Int, first: Int, inStream: Int) -> Position {
        switch fault {
        case .beginsPositionsAtZero: Position(position - 1)
        case .givesAnAppendOnePosition: Position(first)
        case .countsPositionsByStream: Position(inStream)
        case .countsPositionsDown: Position(1_000_000 - position)
        default: Position(position)
        }
    }

    /// The result with the positions that the store gave, where these are at fault and not the result.
    private func adjusted(_ result: AppendResult, to stored: [RecordedEvent]) -> AppendResult {
        switch fault {
        case .beginsPositionsAtZero, .givesAnAppendOnePosition, .countsPositionsByStream, .countsPositionsDown:
            guard let first = stored.first, let last = stored.last else { return result }
            return AppendResult(
                version: result.version, firstPosition: first.position, lastPosition: last.position,
                durability: result.durability)
        default: return result
        }
    }
}
