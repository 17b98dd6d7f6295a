#if PostgreSQL
public import EventSourcing

extension PostgreSQLEventStore {
    public func read(_ query: StreamQuery) -> EventBatches {
        if let error = Self.refusal(limit: query.limit, name: query.stream.aggregateType) {
            return EventBatches(failing: error)
        }
        return EventBatches { [self] in
            var cursor = StreamCursor(query)
            return { () async throws(EventStoreError) in
                guard let command = cursor.command(self.statements) else { return nil }
                let page = try await self.query(command) { result throws(PostgreSQLError) in
                    try EventRows(result).page(of: query.stream)
                }
                cursor.advance(past: page)
                return page.events
            }
        }
    }

    public func read(_ query: FeedQuery) -> EventBatches {
        if let error = Self.refusal(limit: query.limit, name: nil) { return EventBatches(failing: error) }
        return EventBatches { [self] in
            var cursor = FeedCursor(query)
            return { () async throws(EventStoreError) in try await self.nextBatch(&cursor) }
        }
    }

    public func read(_ query: CategoryQuery) -> EventBatches {
        if let error = Self.refusal(limit: query.limit, name: query.aggregateType) {
            return EventBatches(failing: error)
        }
        let filter = EventFilter(aggregateTypes: [query.aggregateType], tenantID: query.tenantID)
        return EventBatches { [self] in
            // Stored-at never decreases with the position, so the order by position is the order by stored-at, too.
            var cursor: FeedCursor?
            return { () async throws(EventStoreError) in
                var current: FeedCursor
                if let cursor {
                    current = cursor
                } else {
                    let position = try await self.position(before: query.from)
                    current = FeedCursor(FeedQuery(after: position, limit: query.limit, filter: filter))
                }
                defer { cursor = current }
                return try await self.nextBatch(&current)
            }
        }
    }

    /// The next events of a read of the whole store, perhaps none; nil at the end.
    func nextBatch(_ cursor: inout FeedCursor) async throws(EventStoreError) -> [RecordedEvent]? {
        if cursor.needsEnd { cursor.setEnd(try await currentPosition()) }
        guard let command = cursor.command(statements) else { return nil }
        let page = try await query(command) { result throws(PostgreSQLError) in try EventRows(result).page() }
        return cursor.advance(past: page)
    }

    /// The position behind which the events from an instant on lie.
    private func position(before instant: Timestamp?) async throws(EventStoreError) -> Position? {
        guard let instant else { return nil }
        var parameters = BinaryParameters()
        parameters.append(instant)
        parameters.append(instant.serverRemainder)
        return try await query(Command(statements.firstPosition, parameters)) { result throws(PostgreSQLError) in
            Position(try result.int(0, 0) - 1)
        }
    }

    private static func refusal(limit: Int?, name: String?) -> EventStoreError? {
        if let limit, limit < 0 {
            return EventStoreError(.invalidArgument, "a limit is 0 or more, not \(limit)")
        }
        if let name, !EventLimits.isValidAggregateType(name) {
            return EventStoreError(.invalidArgument, "what is to be read is no name of an aggregate type")
        }
        return nil
    }
}
#endif
