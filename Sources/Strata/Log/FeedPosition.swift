import EventSourcing

/// Where a read of the feed is, whichever way it goes.
enum FeedPosition: Sendable {
    case forward(FeedCursor)
    case backward(BackwardFeedCursor)

    /// The next events, at least one; nil at the end. May block.
    ///
    /// - Parameter limit: at most so many events.
    mutating func next(limit: Int) throws(StrataError) -> [RecordedEvent]? {
        switch self {
        case .forward(var cursor):
            defer { self = .forward(cursor) }
            return try cursor.next(limit: limit)
        case .backward(var cursor):
            defer { self = .backward(cursor) }
            return try cursor.next(limit: limit)
        }
    }
}
