import ArgumentParser

/// Where a store is: a directory, or a server with the store's name on it.
enum StoreAddress: Hashable, Sendable, ExpressibleByArgument {
    case directory(String)
    /// A connection string of libpq, and the schema.
    case postgreSQL(String, schema: String)
    /// Addresses of servers of one cluster, the store's name, on how many of them it is kept, and by what both sides know
    /// each other.
    case jetStream([String], name: String, replicas: Int? = nil, tls: TLSFiles? = nil)

    /// What TLS takes beside the system's authorities, as files in PEM.
    struct TLSFiles: Hashable, Sendable {
        /// The authorities to trust.
        var authorities: String?
        /// Our own certificate chain, with its key.
        var certificates: String?
        var key: String?
        /// What the server's certificate must be for, if not its address.
        var serverName: String?
    }

    /// What is no address, without its secrets.
    case invalid(String)

    /// Reads a path, `postgres://…?schema=NAME`, or `nats://HOST:PORT,HOST:PORT/NAME?replicas=3`, with `tls_ca`, `tls_cert`,
    /// `tls_key` and `tls_name`.
    ///
    /// Other addresses are ``invalid(_:)`` and no failure, which the argument parser would report with the whole argument.
    init(argument: String) {
        guard let end = argument.firstRange(of: "://") else {
            self = .directory(argument)
            return
        }
        let scheme = String(argument[..<end.lowerBound])
        let parts = AddressParts(argument[end.upperBound...])
        let address: StoreAddress? =
            switch scheme {
            case "postgres", "postgresql": Self.postgreSQL(scheme, parts)
            case "nats", "tls": Self.jetStream(scheme, parts)
            default: nil
            }
        self = address ?? .invalid("\(scheme)://\(parts.withoutSecrets)")
    }

    private static func postgreSQL(_ scheme: String, _ parts: AddressParts) -> StoreAddress {
        let (options, others) = parts.options(["schema"])
        let rest = others.isEmpty ? "" : "?" + others.joined(separator: "&")
        return .postgreSQL("\(scheme)://\(parts.place)\(rest)", schema: options["schema"] ?? "strata")
    }

    private static func jetStream(_ scheme: String, _ parts: AddressParts) -> StoreAddress? {
        let (options, others) = parts.options(["replicas", "tls_ca", "tls_cert", "tls_key", "tls_name"])
        let (servers, path) = parts.serversAndPath
        let hosts = servers.split(separator: ",").map { "\(scheme)://\($0)" }
        let replicas = options["replicas"].map { Int($0) ?? 0 }
        let files = TLSFiles(
            authorities: options["tls_ca"], certificates: options["tls_cert"], key: options["tls_key"],
            serverName: options["tls_name"])
        guard others.isEmpty, !hosts.isEmpty, replicas ?? 1 > 0, (files.certificates == nil) == (files.key == nil)
        else {
            return nil
        }
        return .jetStream(
            hosts, name: path.isEmpty ? "strata" : String(path), replicas: replicas,
            tls: files == TLSFiles() ? nil : files)
    }
}

extension StoreAddress: CustomStringConvertible {
    /// For people: without passwords and options.
    var description: String {
        switch self {
        case .directory(let path): path
        case .postgreSQL(let connection, let schema): "\(Self.withoutSecrets(connection)) (schema \(schema))"
        case .jetStream(let servers, let name, _, _): Self.withoutSecrets(servers) + "/" + name
        case .invalid(let shown): shown
        }
    }

    private static func withoutSecrets(_ address: String) -> String {
        guard let end = address.firstRange(of: "://") else { return address }
        return address[..<end.upperBound] + AddressParts(address[end.upperBound...]).withoutSecrets
    }

    private static func withoutSecrets(_ servers: [String]) -> String {
        // What stands before a server with a password may be the password's beginning, if that has a comma.
        let last = servers.lastIndex { $0.contains("@") } ?? 0
        return servers.enumerated().map { index, server in
            guard index < last, !server.contains("@"), let end = server.firstRange(of: "://") else {
                return withoutSecrets(server)
            }
            return server[..<end.upperBound] + "…"
        }.joined(separator: ",")
    }
}
