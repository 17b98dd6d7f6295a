#if PostgreSQL
public import EventSourcing

extension PostgreSQLEventStore {
    /// Reads the events of all streams in the order of their positions, and goes on with those that are appended, by whichever process.
    ///
    /// It waits without asking: the server's notifications wake it as soon as an append has committed. It sees every event
    /// once, and ends when its task is cancelled. While it waits, one connection beside the pool listens for all readers of
    /// this store. A connection that is lost is made anew; where that does not succeed within
    /// ``PostgreSQLOptions/reconnect``, the read fails and can be begun again behind the last position seen.
    ///
    /// - Parameters:
    ///   - position: where to resume, exclusive; nil begins at the first event.
    ///   - filter: which events.
    public func follow(after position: Position? = nil, filter: EventFilter = .all) -> EventBatches {
        EventBatches { [self] in
            var cursor = FeedCursor(FeedQuery(after: position, filter: filter))
            return { () async throws(EventStoreError) in
                while !Task.isCancelled {
                    let generation = self.listener.generation
                    while let batch = try await self.nextBatch(&cursor) {
                        if !batch.isEmpty { return batch }
                    }
                    cursor = FeedCursor(FeedQuery(after: cursor.seen, filter: filter))
                    await self.listener.wait(beyond: generation)
                }
                return nil
            }
        }
    }
}
#endif
