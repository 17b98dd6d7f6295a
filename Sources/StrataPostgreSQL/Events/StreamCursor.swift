#if PostgreSQL
import EventSourcing

/// One iteration of a read of a stream: what of it is left.
struct StreamCursor {
    private let query: StreamQuery
    private var lower: Int
    private var upper: Int
    private var wanted: Int
    private var size = BatchSize()
    private var isFirst = true

    init(_ query: StreamQuery) {
        self.query = query
        lower = max(query.from ?? 1, 1)
        upper = query.to ?? .max
        wanted = query.limit ?? .max
    }

    private var rows: Int { min(size.rows, wanted) }

    /// What to ask the server next; nil at the end.
    func command(_ statements: EventStatements) -> Command? {
        guard wanted > 0, lower <= upper else { return nil }
        var parameters = BinaryParameters.stream(query.stream)
        parameters.append(Int64(lower))
        parameters.append(Int64(upper))
        parameters.append(Int64(rows))
        parameters.append(Int64(BatchSize.longestRow(among: rows)))
        let isForward = query.direction == .forward
        return Command(isForward ? statements.streamForward : statements.streamBackward, parameters)
    }

    /// Moves on behind the events that came. The read ends at the last version that there was at its first statement.
    mutating func advance(past page: EventPage) {
        guard page.isCut || page.events.count == rows else {
            wanted = 0
            return
        }
        if isFirst, let last = page.last { upper = min(upper, last) }
        isFirst = false
        wanted -= page.events.count
        size.learn(from: page)
        guard let newest = page.events.last else { return }
        switch query.direction {
        case .forward: lower = newest.version + 1
        case .backward: upper = newest.version - 1
        }
    }
}
#endif
