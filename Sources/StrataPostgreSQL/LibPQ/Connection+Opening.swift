#if PostgreSQL
import CPostgreSQL
import Dispatch
import Glibc

extension Connection {
    /// Name resolution and reading key files may block; they do it here.
    private static let openings = DispatchQueue(label: "strata.postgresql.openings", attributes: .concurrent)

    /// Opens a connection and prepares its session.
    static func open(_ options: PostgreSQLOptions) async throws(PostgreSQLError) -> Connection {
        let address: Result<UInt, PostgreSQLError> = await withCheckedContinuation { continuation in
            openings.async {
                do throws(PostgreSQLError) {
                    continuation.resume(returning: .success(UInt(bitPattern: try connect(options))))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        guard let pointer = OpaquePointer(bitPattern: try address.get()) else {
            throw PostgreSQLError(.serverUnavailable, "libpq has no memory for another connection")
        }
        let connection = try Connection(pointer, responseTimeout: options.responseTimeout)
        _ = try await connection.run(options.sessionCommand)
        return connection
    }

    /// Makes a connection; blocks the thread.
    private static func connect(_ options: PostgreSQLOptions) throws(PostgreSQLError) -> OpaquePointer {
        let parameters = options.connectionParameters
        let keys = parameters.map { strdup($0.key) }
        let values = parameters.map { strdup($0.value) }
        defer { for text in keys + values { free(text) } }
        let pointer = PQconnectStartParams(
            keys.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
        guard let pointer else {
            throw PostgreSQLError(.serverUnavailable, "libpq has no memory for another connection")
        }
        do throws(PostgreSQLError) {
            try finish(pointer, options)
            return pointer
        } catch {
            PQfinish(pointer)
            throw error
        }
    }

    private static func finish(_ pointer: OpaquePointer, _ options: PostgreSQLOptions) throws(PostgreSQLError) {
        guard PQstatus(pointer) != CONNECTION_BAD || PQsocket(pointer) >= 0 else {
            let message = String(cString: PQerrorMessage(pointer))
            // Libpq refuses what it does not understand before it makes a socket; so it does with unknown hosts.
            let isUnderstood = message.contains("translate host name") || message.contains("connection to server")
            guard isUnderstood else {
                let text = message.split(separator: "\n").joined(separator: "; ")
                throw PostgreSQLError(.invalidSettings, "\(text); see libpq's connection strings")
            }
            throw PostgreSQLError.connecting(message)
        }
        // With it, the message holds the server's code.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        let timeout = connectTimeout(of: pointer)
        let deadline = ContinuousClock.now + timeout
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED else {
                throw PostgreSQLError.connecting(String(cString: PQerrorMessage(pointer)))
            }
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var socket = pollfd(fd: PQsocket(pointer), events: Int16(events), revents: 0)
            let left = max(0, (deadline - .now).components.seconds * 1_000 + 1)
            guard ContinuousClock.now < deadline, poll(&socket, 1, Int32(clamping: left)) >= 0 || errno == EINTR else {
                throw PostgreSQLError(
                    .serverUnavailable,
                    "no connection within \(timeout); check host, port and firewalls, or raise connect_timeout")
            }
            state = PQconnectPoll(pointer)
        }
        PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
    }

    /// How long all servers that the connection string names may take together.
    private static func connectTimeout(of pointer: OpaquePointer) -> Duration {
        var seconds = PostgreSQLOptions.defaultConnectSeconds
        var hosts = 1
        guard let settings = PQconninfo(pointer) else { return .seconds(seconds) }
        defer { PQconninfoFree(settings) }
        var setting = settings
        while let keyword = setting.pointee.keyword {
            if let value = setting.pointee.val.map({ String(cString: $0) }) {
                switch String(cString: keyword) {
                case "connect_timeout": seconds = Int(value).flatMap { $0 > 0 ? $0 : nil } ?? seconds
                case "host", "hostaddr": hosts = max(hosts, value.split(separator: ",").count)
                default: break
                }
            }
            setting += 1
        }
        return .seconds(seconds * hosts)
    }
}
#endif
