#if PostgreSQL
public import EventSourcing

extension PostgreSQLEventStore {
    /// Deletes the rows of released events. They are gone for all readers; the server's own vacuum frees their room, and its
    /// write-ahead log and backups keep them for as long as these are kept.
    @discardableResult
    public func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await release(.truncation(before: version), of: stream, expecting: expected)
    }

    /// Deletes the rows of the stream's events; see ``truncate(_:before:expecting:)``.
    @discardableResult
    public func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try await release(.deletion(mode), of: stream, expecting: expected)
    }

    private func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult {
        try EventLimits.check(stream, expecting: expected)
        let command = Command(statements.release, .release(release, of: stream, expecting: expected))
        let isRepeatable = expected.isRepeatable
        let (outcome, result): (Int16, DeletionResult)
        do throws(PostgreSQLConnectionPool.RetryFailure) {
            (outcome, result) = try await pool.retrying(afterLoss: isRepeatable) { connection throws(PostgreSQLError) in
                try await schema.check(on: connection)
                let row = try await connection.run(command)
                return (
                    try row.integer(0, 0),
                    DeletionResult(
                        status: try row.status(from: 1), durability: try row.boolean(0, 5) ? .synced : .written)
                )
            }
        } catch {
            throw EventStoreError(changing: stream, error)
        }
        // The server has decided; where it refused, the vocabulary says why.
        guard outcome == 0 else {
            return DeletionResult(
                status: try release.status(behind: result.status, of: stream, expecting: expected),
                durability: result.durability)
        }
        return result
    }
}

extension ExpectedVersion {
    /// Whether a release that has had its effect meets its own demand again.
    fileprivate var isRepeatable: Bool {
        switch self {
        case .any, .exactly: true
        case .noStream, .streamExists: false
        }
    }
}
#endif
