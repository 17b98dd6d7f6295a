#if PostgreSQL
public import EventSourcing

extension PostgreSQLEventStore: EventImporting, ReleaseReading {
    /// Stores changes of another store in one transaction: all of them, or none.
    ///
    /// `storedAt` keeps its nanoseconds.
    public func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError) {
        guard let first = changes.first else { return }
        var commands: [Command] = []
        for change in changes { commands.append(try command(for: change)) }
        let outcomes: [AppendOutcome?]
        do throws(PostgreSQLConnectionPool.RetryFailure) {
            // Where an earlier attempt has had its effect, each commit counts as stored.
            outcomes = try await pool.retrying { connection throws(PostgreSQLError) in
                try await schema.check(on: connection)
                return try await Self.run(commands, for: changes, on: connection)
            }
        } catch {
            throw EventStoreError(changing: first.stream, error)
        }
        for (change, outcome) in zip(changes, outcomes) {
            guard case .commit(let commit) = change else { continue }
            switch outcome {
            case .stored, nil: break
            case .conflict(let version):
                throw .conflict(in: commit.stream, expected: commit.expectedVersion, actual: version)
            case .duplicate(let id): throw .duplicate(eventID: id, in: commit.stream)
            case .deleted: throw .deleted(commit.stream)
            }
        }
    }

    private func command(for change: ImportedChange) throws(EventStoreError) -> Command {
        try EventLimits.check(change)
        switch change {
        case .commit(let commit):
            var parameters = BinaryParameters.append(
                commit.events, to: commit.stream, expecting: commit.expectedVersion)
            parameters.append(commit.storedAt)
            parameters.append(commit.storedAt.serverRemainder)
            return Command(statements.importCommit, parameters)
        case .release(let status, let stream):
            var parameters = BinaryParameters.stream(stream)
            parameters.append(Int64(status.firstVersion))
            parameters.append(status.isTruncated ? 1 as UInt8 : 0)
            parameters.append(status.isTombstoned ? 1 as UInt8 : 0)
            return Command(statements.importRelease, parameters)
        }
    }

    /// - Returns: the outcomes of commits; nothing is stored where one of them was refused.
    private static func run(
        _ commands: [Command], for changes: [ImportedChange], on connection: Connection
    ) async throws(PostgreSQLError) -> [AppendOutcome?] {
        try await connection.run(begin)
        do throws(PostgreSQLError) {
            let results = try await connection.run(commands)
            var outcomes: [AppendOutcome?] = []
            for (change, result) in zip(changes, results) {
                if case .commit = change { outcomes.append(try AppendOutcome(result)) } else { outcomes.append(nil) }
            }
            let isRefused = outcomes.contains { $0?.isRefusal ?? false }
            try await connection.run(isRefused ? rollback : commit)
            return outcomes
        } catch {
            do throws(PostgreSQLError) { try await connection.run(rollback) } catch {}
            throw error
        }
    }

    private static let begin = Command(Statement("BEGIN"))
    private static let commit = Command(Statement("COMMIT"))
    private static let rollback = Command(Statement("ROLLBACK"))

    public func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus] {
        try await query(Command(statements.releasedStreams)) { result throws(PostgreSQLError) in
            var statuses: [StreamID: StreamStatus] = [:]
            for row in 0..<result.count {
                let stream = StreamID(try result.text(row, 0), try result.uuid(row, 1))
                statuses[stream] = try result.status(row, from: 2)
            }
            return statuses
        }
    }
}

extension AppendOutcome {
    fileprivate var isRefusal: Bool {
        if case .stored = self { false } else { true }
    }
}
#endif
