#if PostgreSQL
public import Logging

/// How to reach a server, and how many connections to keep to it.
public struct PostgreSQLOptions: Sendable {
    /// A connection string as libpq takes it (PostgreSQL's documentation, "Connection Strings"): a URI such as
    /// `postgresql://user@db.example.com/orders?sslmode=verify-full`, or `host=… dbname=…`. What it leaves out comes from
    /// the environment (`PGHOST`, `PGPASSWORD`, …), `~/.pgpass` and the service file.
    ///
    /// Several hosts with `target_session_attrs=read-write` find the primary behind a failover.
    public var connection: String

    /// Any of libpq's parameters by keyword, such as `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `password` or `options`;
    /// they overrule the connection string.
    public var parameters: [String: String] = [:]

    /// How many connections are kept open once they are, 1 or more.
    public var poolSize = 20

    /// How many more may be open while all others are busy, 0 or more; they are closed after use.
    public var maxOverflow = 10

    /// How long a caller waits for a connection, attempts to reach the server included, before
    /// ``PostgreSQLError/Code/poolExhausted`` or the reason why none can be made.
    public var acquireTimeout: Duration = .seconds(30)

    /// A connection that was idle for longer is asked for a sign of life before it is used. One that the server has
    /// closed is noticed without asking.
    public var healthCheckAfterIdle: Duration = .seconds(30)

    /// How long the server works on one statement, at most (`statement_timeout`); nil leaves it to the server's settings.
    public var statementTimeout: Duration? = .seconds(30)

    /// How long a statement waits for a lock, at most (`lock_timeout`); nil leaves it to the server's settings. An append
    /// waits while another transaction that has appended is open.
    public var lockTimeout: Duration? = .seconds(10)

    /// How long lost connections are made anew and what they did is done again, before the failure is reported.
    public var reconnect = Backoff()

    /// Where connections that had to be made anew are reported.
    public var logger: Logger

    /// - Parameters:
    ///   - connection: see ``connection``.
    ///   - poolSize: see ``poolSize``.
    ///   - maxOverflow: see ``maxOverflow``.
    ///   - logger: see ``logger``; silent by default.
    public init(
        _ connection: String = "", poolSize: Int = 20, maxOverflow: Int = 10,
        logger: Logger = Logger(label: "strata.postgresql", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.connection = connection
        self.poolSize = poolSize
        self.maxOverflow = maxOverflow
        self.logger = logger
    }

    /// Pauses between attempts, each longer than the last, with chance in them so that many clients do not come at once.
    public struct Backoff: Hashable, Sendable {
        /// The pause behind the first attempt.
        public var initialDelay: Duration = .milliseconds(50)
        /// The longest pause.
        public var maximumDelay: Duration = .seconds(2)
        /// How long to go on, from the first failure on; zero means not at all.
        public var timeout: Duration = .seconds(15)

        public init() {}

        /// The pause behind an attempt: between a half of what is due and all of it.
        func delay(afterAttempt attempt: Int) -> Duration {
            let due = min(initialDelay * (1 << min(attempt, 16)), maximumDelay)
            return due * Double.random(in: 0.5...1)
        }
    }
}

extension PostgreSQLOptions {
    static let defaultConnectSeconds = 10

    /// Libpq takes the last value of a keyword, and a connection string in the place of `dbname`.
    var connectionParameters: [(key: String, value: String)] {
        // A server that vanished without a word is given up after as long as connecting may take, also by the kernel.
        var all = [
            (key: "fallback_application_name", value: "strata"),
            (key: "tcp_user_timeout", value: String(Self.defaultConnectSeconds * 1_000)),
            (key: "dbname", value: connection),
        ]
        all += parameters.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        all.append((key: "client_encoding", value: "UTF8"))
        return all
    }

    /// How long the server may be silent in the middle of an answer: longer than it may take for any statement.
    var responseTimeout: Duration {
        (statementTimeout ?? .seconds(3600)) + .seconds(10)
    }

    /// What every session begins with.
    ///
    /// Every statement of the stores finds its rows by an index. Without statistics the planner may take a new table for
    /// a small one and read all of it, and a prepared plan lives long; so the other ways are closed to it.
    var sessionCommand: Command {
        var settings = [
            "default_transaction_isolation": "read committed", "enable_seqscan": "off", "enable_hashjoin": "off",
            "enable_mergejoin": "off", "jit": "off", "plan_cache_mode": "force_generic_plan",
        ]
        settings["statement_timeout"] = statementTimeout.map { String($0.milliseconds) }
        settings["lock_timeout"] = lockTimeout.map { String($0.milliseconds) }
        let pairs = settings.sorted { $0.key < $1.key }
        var parameters = BinaryParameters()
        parameters.append(.text, pairs.map(\.key)) { $0.write($1) }
        parameters.append(.text, pairs.map(\.value)) { $0.write($1) }
        return Command(Self.sessionStatement, parameters)
    }

    private static let sessionStatement = Statement(
        "SELECT set_config(s.name, s.value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)")
}

extension Duration {
    /// Whole milliseconds, 1 or more: the server takes 0 for no limit.
    fileprivate var milliseconds: Int64 {
        max(1, components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
#endif
