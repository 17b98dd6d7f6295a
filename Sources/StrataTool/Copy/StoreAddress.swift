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

    /// Reads a path, `postgres://…?schema=NAME`, or `nats://HOST:PORT,HOST:PORT/NAME?replicas=3`, with `tls_ca`, `tls_cert`,
    /// `tls_key` and `tls_name`; nil for other addresses.
    init?(argument: String) {
        guard let end = argument.firstRange(of: "://") else {
            self = .directory(argument)
            return
        }
        let scheme = String(argument[..<end.lowerBound])
        var address = Substring(argument[end.upperBound...])
        switch scheme {
        case "postgres", "postgresql":
            let options = Self.cutOptions(["schema"], from: &address)
            self = .postgreSQL("\(scheme)://\(address)", schema: options["schema"] ?? "strata")
        case "nats", "tls":
            let options = Self.cutOptions(
                ["replicas", "tls_ca", "tls_cert", "tls_key", "tls_name"], from: &address)
            guard !address.contains("?") else { return nil }
            let parts = address.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let hosts = parts[0].split(separator: ",").map { "\(scheme)://\($0)" }
            let name = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "strata"
            let replicas = options["replicas"].map { Int($0) ?? 0 }
            let files = TLSFiles(
                authorities: options["tls_ca"], certificates: options["tls_cert"], key: options["tls_key"],
                serverName: options["tls_name"])
            guard !hosts.isEmpty, replicas ?? 1 > 0, (files.certificates == nil) == (files.key == nil) else {
                return nil
            }
            self = .jetStream(hosts, name: name, replicas: replicas, tls: files == TLSFiles() ? nil : files)
        default: return nil
        }
    }

    /// Takes options of ours out of those that an address ends with.
    private static func cutOptions(_ names: Set<String>, from address: inout Substring) -> [String: String] {
        guard let mark = address.firstIndex(of: "?") else { return [:] }
        var found: [String: String] = [:]
        var others: [Substring] = []
        for option in address[address.index(after: mark)...].split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, names.contains(String(parts[0])) {
                found[String(parts[0])] = String(parts[1])
            } else {
                others.append(option)
            }
        }
        address = address[..<mark] + (others.isEmpty ? "" : "?" + others.joined(separator: "&"))
        return found
    }
}

extension StoreAddress: CustomStringConvertible {
    /// For people: without passwords and options.
    var description: String {
        switch self {
        case .directory(let path): path
        case .postgreSQL(let connection, let schema): "\(Self.withoutSecrets(connection)) (schema \(schema))"
        case .jetStream(let servers, let name, _, _):
            servers.map { Self.withoutSecrets($0) }.joined(separator: ",") + "/" + name
        }
    }

    private static func withoutSecrets(_ address: String) -> String {
        guard let end = address.firstRange(of: "://") else { return address }
        var rest = address[end.upperBound...].prefix { $0 != "?" }
        // A password may hold any sign, an address of a host none.
        if let sign = rest.lastIndex(of: "@") { rest = rest[rest.index(after: sign)...] }
        return String(address[..<end.upperBound] + rest)
    }
}
