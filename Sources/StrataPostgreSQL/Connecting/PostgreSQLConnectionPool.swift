#if PostgreSQL
import DequeModule
import Logging
import Synchronization

/// Connections to one server that callers share.
///
/// Connections are made when they are needed, up to ``PostgreSQLOptions/poolSize`` and, for as long as all of these are busy,
/// ``PostgreSQLOptions/maxOverflow`` more. Callers beyond that wait in line. No call blocks a thread.
///
/// Several stores may share a pool. Whoever makes a pool closes it.
public final class PostgreSQLConnectionPool: Sendable {
    /// What the pool was made with.
    public let options: PostgreSQLOptions

    private struct Idle {
        let connection: Connection
        let since: ContinuousClock.Instant
    }

    /// What a caller may do next.
    private enum Turn {
        case use(Idle)
        /// The connection counts as open already.
        case open
        case wait
    }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Result<Turn, PostgreSQLError>, Never>
    }

    private struct State {
        /// The last used last.
        var idle: [Idle] = []
        /// Connections that exist or are being made.
        var open = 0
        var waiters: Deque<Waiter> = []
        var nextWaiter = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// A pool without any connection yet.
    ///
    /// - Precondition: `poolSize` is 1 or more and `maxOverflow` 0 or more.
    public init(_ options: PostgreSQLOptions) {
        precondition(options.poolSize >= 1 && options.maxOverflow >= 0, "a pool holds 1 connection or more")
        self.options = options
    }

    /// Connects, so that wrong settings show at once.
    public func connect() async throws(PostgreSQLError) {
        try await withConnection { connection throws(PostgreSQLError) in
            _ = try await connection.run(Command(Self.signOfLife))
        }
    }

    /// Closes the pool: idle connections at once, busy ones when they come back. Waiting and later calls fail with
    /// ``PostgreSQLError/Code/closed``.
    public func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            state.open -= state.idle.count
            state.idle = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(Self.closed)) }
    }

    /// How many connections there are at the moment.
    public var statistics: Statistics {
        state.withLock { Statistics(open: $0.open, idle: $0.idle.count, waiting: $0.waiters.count) }
    }

    /// Numbers of connections and callers.
    public struct Statistics: Hashable, Sendable {
        /// Connections that exist or are being made.
        public let open: Int
        /// Those among them that nobody uses.
        public let idle: Int
        /// Callers in line.
        public let waiting: Int
    }

    /// Lends a connection to `body`.
    func withConnection<Value: Sendable>(
        _ body: (Connection) async throws(PostgreSQLError) -> Value
    ) async throws(PostgreSQLError) -> Value {
        let connection = try await acquire()
        do throws(PostgreSQLError) {
            let value = try await body(connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    private func acquire() async throws(PostgreSQLError) -> Connection {
        let deadline = ContinuousClock.now + options.acquireTimeout
        var attempt = 0
        while true {
            switch try await turn(before: deadline) {
            case .use(let idle):
                if await isAlive(idle) { return idle.connection }
                discard()
            case .open:
                do throws(PostgreSQLError) {
                    return try await Connection.open(options)
                } catch {
                    discard()
                    let pause = options.reconnect.delay(afterAttempt: attempt)
                    guard error.isTransient, .now + pause < deadline else { throw error }
                    if attempt == 0 { options.logger.notice("no connection, trying again: \(error)") }
                    attempt += 1
                    try? await Task.sleep(for: pause)
                }
            case .wait: break
            }
        }
    }

    /// Whether a connection that was idle can be used.
    private func isAlive(_ idle: Idle) async -> Bool {
        guard await idle.connection.checkIsOpen() else { return false }
        guard idle.since.duration(to: .now) > options.healthCheckAfterIdle else { return true }
        return (try? await idle.connection.run(Command(Self.signOfLife))) != nil
    }

    private func turn(before deadline: ContinuousClock.Instant) async throws(PostgreSQLError) -> Turn {
        switch try state.withLock({ state throws(PostgreSQLError) in try Self.turn(&state, options) }) {
        case .use(let idle): return .use(idle)
        case .open: return .open
        case .wait: return try await turnInLine(before: deadline)
        }
    }

    private static func turn(_ state: inout State, _ options: PostgreSQLOptions) throws(PostgreSQLError) -> Turn {
        guard !state.isClosed else { throw closed }
        if let idle = state.idle.popLast() { return .use(idle) }
        guard state.open < options.poolSize + options.maxOverflow else { return .wait }
        state.open += 1
        return .open
    }

    private func turnInLine(before deadline: ContinuousClock.Instant) async throws(PostgreSQLError) -> Turn {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let alarm = Task {
            try await Task.sleep(until: deadline)
            self.giveUp(id)
        }
        defer { alarm.cancel() }
        let result = await withCheckedContinuation { continuation in
            let turn: Result<Turn, PostgreSQLError>? = state.withLock { state in
                do throws(PostgreSQLError) {
                    // Something may have come free since the caller looked.
                    let turn = try Self.turn(&state, options)
                    guard case .wait = turn else { return .success(turn) }
                } catch {
                    return .failure(error)
                }
                state.waiters.append(Waiter(id: id, continuation: continuation))
                return nil
            }
            if let turn { continuation.resume(returning: turn) }
        }
        return try result.get()
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        let count = options.poolSize + options.maxOverflow
        waiter?.continuation.resume(
            returning: .failure(
                PostgreSQLError(
                    .poolExhausted,
                    "all \(count) connections were busy for \(options.acquireTimeout); raise poolSize or maxOverflow, "
                        + "have fewer calls at once, or wait longer (acquireTimeout)")))
    }

    private func release(_ connection: Connection) async {
        guard await connection.isUsable else { return discard() }
        let idle = Idle(connection: connection, since: .now)
        let waiter: Waiter? = state.withLock { state in
            if let waiter = state.waiters.popFirst() { return waiter }
            if state.isClosed || state.open > options.poolSize {
                state.open -= 1
            } else {
                state.idle.append(idle)
            }
            return nil
        }
        waiter?.continuation.resume(returning: .success(.use(idle)))
    }

    /// Counts a connection as gone; whoever waits may make one in its place.
    private func discard() {
        let waiter: Waiter? = state.withLock { state in
            if let waiter = state.waiters.popFirst() { return waiter }
            state.open -= 1
            return nil
        }
        waiter?.continuation.resume(returning: .success(.open))
    }

    private static let signOfLife = Statement("SELECT 1")

    private static var closed: PostgreSQLError {
        PostgreSQLError(.closed, "the connection pool is closed")
    }
}
#endif
