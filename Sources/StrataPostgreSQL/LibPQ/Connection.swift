#if PostgreSQL
import CPostgreSQL
import Glibc

/// One connection to a server. It never blocks a thread: whoever waits for the server waits in ``SocketReactor``.
///
/// One caller uses it at a time; the pool lends it out. It stays in libpq's pipeline mode, in which all commands up to a
/// sync point make one round trip and, outside of a transaction block, one transaction.
actor Connection {
    // Touched by this actor alone; ended with it.
    nonisolated(unsafe) private let pointer: OpaquePointer
    private let responseTimeout: Duration
    private var prepared: Set<Int> = []
    private var isBroken = false
    /// The schemas whose version was found to be right.
    private var checkedSchemas: Set<String> = []

    /// - Parameters:
    ///   - pointer: an open connection of libpq, which this one takes over.
    ///   - responseTimeout: how long the server may be silent.
    init(_ pointer: sending OpaquePointer, responseTimeout: Duration) throws(PostgreSQLError) {
        self.pointer = pointer
        self.responseTimeout = responseTimeout
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        guard PQsetnonblocking(pointer, 1) == 0, PQenterPipelineMode(pointer) == 1 else {
            throw PostgreSQLError(.connectionLost, "the connection ended as it began")
        }
    }

    deinit {
        PQfinish(pointer)
    }

    /// Whether the connection can take another command, as far as can be told without asking the server.
    var isUsable: Bool { !isBroken && PQstatus(pointer) == CONNECTION_OK }

    /// The server's process number for this connection, as `pg_stat_activity` shows it.
    var serverProcess: Int32 { PQbackendPID(pointer) }

    /// Looks whether the server has closed the connection in the meantime. Takes no round trip.
    func checkIsOpen() -> Bool {
        var socket = pollfd(fd: PQsocket(pointer), events: Int16(POLLIN), revents: 0)
        // A server says nothing to a connection that is idle, but farewell.
        if poll(&socket, 1, 0) > 0 { isBroken = true }
        return isUsable
    }

    /// Whether the version of a schema has been found to be right on this connection.
    func hasChecked(_ schema: String) -> Bool { checkedSchemas.contains(schema) }

    /// Remembers that the version of a schema is right.
    func markChecked(_ schema: String) { checkedSchemas.insert(schema) }

    /// Runs one statement.
    @discardableResult
    func run(_ command: Command) async throws(PostgreSQLError) -> QueryResult {
        guard let result = try await run([command]).first else {
            throw PostgreSQLError(.unexpectedResult, "the server did not answer")
        }
        return result
    }

    /// Runs statements in one round trip, and, outside of a transaction block, in one transaction: the first that fails undoes all of
    /// them.
    ///
    /// - Returns: a result for each command.
    /// - Throws: the server's complaint; ``PostgreSQLError/Code/connectionLost`` where it cannot be said how far it came.
    func run(_ commands: [Command]) async throws(PostgreSQLError) -> [QueryResult] {
        do throws(PostgreSQLError) {
            var newlyPrepared: Set<Int> = []
            for command in commands {
                let id = command.statement.id
                if !prepared.contains(id), newlyPrepared.insert(id).inserted {
                    try require(PQsendPrepare(pointer, name(of: command), command.statement.sql, 0, nil))
                }
                try send(command)
            }
            try require(PQpipelineSync(pointer))
            try await flush()
            return try await receive(commands, preparing: newlyPrepared)
        } catch {
            if error.code == .connectionLost { isBroken = true }
            throw error
        }
    }

    /// Waits for a notification.
    ///
    /// - Returns: false where none came before the deadline, or the wait was interrupted.
    func notification(until deadline: ContinuousClock.Instant) async throws(PostgreSQLError) -> Bool {
        while true {
            guard PQconsumeInput(pointer) == 1 else { throw lost() }
            var isNotified = false
            while let notification = PQnotifies(pointer) {
                isNotified = true
                PQfreemem(notification)
            }
            if isNotified { return true }
            guard PQstatus(pointer) == CONNECTION_OK else { throw lost() }
            let socket = PQsocket(pointer)
            guard await SocketReactor.shared.wait(for: .readable, on: socket, until: deadline) else { return false }
            if Task.isCancelled { return false }
        }
    }

    /// Ends a wait for a notification early.
    nonisolated func interrupt() {
        SocketReactor.shared.interrupt(PQsocket(pointer))
    }

    private func name(of command: Command) -> String { "s\(command.statement.id)" }

    private func send(_ command: Command) throws(PostgreSQLError) {
        let ranges = command.parameters.ranges
        let lengths = ranges.map { Int32($0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: ranges.count)
        let sent = command.parameters.buffer.withUnsafeBytes { buffer in
            let base = buffer.assumingMemoryBound(to: CChar.self).baseAddress
            let values = ranges.map { range -> UnsafePointer<CChar>? in
                guard let range else { return nil }
                // An address stands for "not NULL" even where there are no bytes to read.
                return base.map { $0 + range.lowerBound } ?? UnsafePointer(bitPattern: 1)
            }
            return PQsendQueryPrepared(
                pointer, name(of: command), Int32(ranges.count), values, lengths, formats, 1)
        }
        try require(sent)
    }

    private func receive(
        _ commands: [Command], preparing: Set<Int>
    ) async throws(PostgreSQLError) -> [QueryResult] {
        var results: [QueryResult] = []
        results.reserveCapacity(commands.count)
        // The first failure is the reason; what follows it is skipped by the server.
        var failure: PostgreSQLError?
        var toPrepare = preparing
        for command in commands {
            let id = command.statement.id
            if toPrepare.remove(id) != nil {
                switch try await nextOutcome() {
                case .success: prepared.insert(id)
                case .failure(let error): failure = failure ?? error
                }
            }
            switch try await nextOutcome() {
            case .success(let result): results.append(result)
            case .failure(let error): failure = failure ?? error
            }
        }
        let end = try await nextResult()
        defer { PQclear(end) }
        guard PQresultStatus(end) == PGRES_PIPELINE_SYNC else { throw failure ?? lost() }
        if let failure { throw failure }
        return results
    }

    /// What became of the next command; throws only where the connection is lost.
    private func nextOutcome() async throws(PostgreSQLError) -> Result<QueryResult, PostgreSQLError> {
        let result = QueryResult(try await nextResult())
        // The server's answer to a command ends with nothing.
        try await waitForResult()
        guard PQgetResult(pointer) == nil else { throw lost() }
        if let error = result.error {
            if error.code == .connectionLost { throw error }
            return .failure(error)
        }
        return .success(result)
    }

    private func nextResult() async throws(PostgreSQLError) -> OpaquePointer {
        try await waitForResult()
        guard let result = PQgetResult(pointer) else { throw lost() }
        return result
    }

    private func waitForResult() async throws(PostgreSQLError) {
        while PQisBusy(pointer) != 0 {
            try await wait(for: .readable)
            guard PQconsumeInput(pointer) == 1 else { throw lost() }
        }
    }

    /// Sends what libpq holds back. A server that sends meanwhile is listened to, or both sides would wait for the other.
    private func flush() async throws(PostgreSQLError) {
        while true {
            switch PQflush(pointer) {
            case 0: return
            case 1:
                try await wait(for: .writableOrReadable)
                guard PQconsumeInput(pointer) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    private func wait(for event: SocketReactor.Event) async throws(PostgreSQLError) {
        let socket = PQsocket(pointer)
        guard socket >= 0 else { throw lost() }
        guard await SocketReactor.shared.wait(for: event, on: socket, until: .now + responseTimeout) else {
            throw PostgreSQLError(
                .connectionLost,
                "the server was silent for \(responseTimeout), so the connection is given up; check the network")
        }
    }

    private func require(_ success: Int32) throws(PostgreSQLError) {
        guard success == 1 else { throw lost() }
    }

    private func lost(fileID: String = #fileID, line: Int = #line) -> PostgreSQLError {
        let text = String(cString: PQerrorMessage(pointer)).split(separator: "\n").joined(separator: "; ")
        return PostgreSQLError(
            .connectionLost, text.isEmpty ? "the connection to the server is lost" : text, fileID: fileID, line: line)
    }
}
#endif
