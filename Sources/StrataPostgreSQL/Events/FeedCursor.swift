#if PostgreSQL
import EventSourcing

/// One iteration of a read of the whole store: what of it is left.
///
/// Where a filter may make the server pass over many events, a statement looks at no more than 65,536 positions, so
/// that none runs for long.
struct FeedCursor {
    private static let window = 65_536

    private let query: FeedQuery
    private let shape: FeedShape
    private let candidates: Candidates
    private var lower: Int
    private var upper: Int
    private var wanted: Int
    private var size = BatchSize()
    private var isEndKnown = false

    init(_ query: FeedQuery) {
        self.query = query
        candidates = Candidates(query.filter)
        shape = candidates.shape(isBackward: query.direction == .backward)
        let position = query.position?.rawValue
        switch query.direction {
        case .forward:
            lower = position.map { $0 < .max ? max($0 + 1, 1) : .max } ?? 1
            upper = .max
        case .backward:
            lower = 1
            upper = position.map { $0 > 1 ? $0 - 1 : 0 } ?? .max
        }
        wanted = candidates.isEmpty ? 0 : query.limit ?? .max
    }

    /// Whether the last position must be known before anything else.
    var needsEnd: Bool { shape.isSparse && !isEndKnown && wanted > 0 }

    /// Takes notice of the last position there is: there the read ends, or, backward, begins.
    mutating func setEnd(_ position: Position?) {
        upper = min(upper, position?.rawValue ?? 0)
        isEndKnown = true
    }

    /// The position up to which a forward read has seen everything.
    var seen: Position { Position(lower - 1) }

    /// What to ask the server next; nil at the end.
    func command(_ statements: EventStatements) -> Command? {
        guard wanted > 0, lower <= upper else { return nil }
        var parameters = BinaryParameters()
        parameters.append(Int64(range.lowerBound))
        parameters.append(Int64(range.upperBound))
        parameters.append(Int64(rows))
        parameters.append(Int64(BatchSize.longestRow(among: rows)))
        candidates.append(to: &parameters)
        return Command(statements.feed(shape), parameters)
    }

    /// Moves on behind the events that came. The read ends at the last position that there was at its first statement.
    ///
    /// - Returns: those among the events that the query asks for.
    mutating func advance(past page: EventPage) -> [RecordedEvent] {
        let events = page.events
        let range = range
        let isRangeDone = !page.isCut && events.count < rows
        if !isEndKnown { setEnd(page.last.map { Position($0) }) }
        size.learn(from: page)
        // Where the first row was too long already, there is nothing to move behind.
        if isRangeDone || !events.isEmpty {
            let end = isRangeDone ? nil : events.last?.position.rawValue
            switch query.direction {
            case .forward: lower = max(lower, (end ?? min(range.upperBound, upper)) + 1)
            case .backward: upper = (end ?? range.lowerBound) - 1
            }
        }
        let matching = query.filter == .all ? events : events.filter(query.filter.matches)
        let taken = matching.count > wanted ? Array(matching.prefix(wanted)) : matching
        wanted -= taken.count
        return taken
    }

    /// Rows of the next statement. The server may give more than match, which is found out here.
    private var rows: Int { candidates.isExact ? min(size.rows, wanted) : size.rows }

    /// The positions that the next statement looks at.
    private var range: ClosedRange<Int> {
        guard shape.isSparse, upper - lower >= Self.window else { return lower...upper }
        return switch query.direction {
        case .forward: lower...lower + Self.window - 1
        case .backward: upper - Self.window + 1...upper
        }
    }
}
#endif
