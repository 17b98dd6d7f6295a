#if PostgreSQL
import DequeModule
import Synchronization

/// Appends of one store that wait for their turn.
///
/// Whoever finds no group on its way sends its own append at once. What comes meanwhile forms the next group, which
/// makes one round trip and one commit together. Two groups may be on their way: the second is on the server when the
/// first has committed.
final class AppendQueue: Sendable {
    typealias Outcome = Result<AppendOutcome, PostgreSQLConnectionPool.RetryFailure>

    private struct Waiting {
        let command: Command
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var waiting: Deque<Waiting> = []
        var groupsOnTheirWay = 0
    }

    private static let groups = 2
    private static let groupAppends = 256
    private static let groupBytes = 4 << 20

    private let pool: PostgreSQLConnectionPool
    private let schema: PostgreSQLSchema
    private let state = Mutex(State())

    init(_ pool: PostgreSQLConnectionPool, _ schema: PostgreSQLSchema) {
        self.pool = pool
        self.schema = schema
    }

    func append(_ command: Command) async throws(PostgreSQLConnectionPool.RetryFailure) -> AppendOutcome {
        let mayGo = state.withLock { state in
            guard state.groupsOnTheirWay < Self.groups else { return false }
            state.groupsOnTheirWay += 1
            return true
        }
        guard mayGo else { return try await waitForGroup(command).get() }
        let outcome = await run([command])[0]
        sendNextGroup()
        return try outcome.get()
    }

    private func waitForGroup(_ command: Command) async -> Outcome {
        await withCheckedContinuation { continuation in
            let mustSend = state.withLock { state in
                state.waiting.append(Waiting(command: command, continuation: continuation))
                // The groups on their way may have come back since the caller looked.
                guard state.groupsOnTheirWay == 0 else { return false }
                state.groupsOnTheirWay = 1
                return true
            }
            if mustSend { sendNextGroup() }
        }
    }

    /// Passes the place of a group that is done on to those that wait.
    private func sendNextGroup() {
        let group = state.withLock { state in
            var group: [Waiting] = []
            var bytes = 0
            while group.count < Self.groupAppends, bytes < Self.groupBytes, let next = state.waiting.popFirst() {
                bytes += next.command.parameters.buffer.count
                group.append(next)
            }
            if group.isEmpty { state.groupsOnTheirWay -= 1 }
            return group
        }
        guard !group.isEmpty else { return }
        Task {
            let outcomes = await run(group.map(\.command))
            for (append, outcome) in zip(group, outcomes) { append.continuation.resume(returning: outcome) }
            sendNextGroup()
        }
    }

    /// Runs appends in one transaction; where the server refuses it, each on its own, so that none suffers for another.
    private func run(_ commands: [Command]) async -> [Outcome] {
        do throws(PostgreSQLConnectionPool.RetryFailure) {
            let outcomes = try await pool.retrying { connection throws(PostgreSQLError) in
                try await schema.check(on: connection)
                return try (try await connection.run(commands)).map { (result) throws(PostgreSQLError) in
                    try AppendOutcome(result)
                }
            }
            return outcomes.map { .success($0) }
        } catch {
            guard commands.count > 1, error.error.code == .serverError else {
                return commands.map { _ in .failure(error) }
            }
            var outcomes: [Outcome] = []
            for command in commands { outcomes += await run([command]) }
            return outcomes
        }
    }
}
#endif
