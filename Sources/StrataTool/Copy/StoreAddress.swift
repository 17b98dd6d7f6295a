import ArgumentParser

/// Where a store is: a directory, or a server with the store's name on it.
enum StoreAddress: Hashable, Sendable, ExpressibleByArgument {
    case directory(String)
    /// A connection string of libpq, and the schema.
    case postgreSQL(String, schema: String)
    /// Addresses of servers of one cluster, the store's name, and on how many of them it is kept.
    case jetStream([String], name: String, replicas: Int?)

    /// Reads a path, `postgres://…?schema=NAME`, or `nats://HOST:PORT,HOST:PORT/NAME?replicas=3`; nil for other addresses.
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
            let options = Self.cutOptions(["replicas"], from: &address)
            guard !address.contains("?") else { return nil }
            let parts = address.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let hosts = parts[0].split(separator: ",").map { "\(scheme)://\($0)" }
            let name = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "strata"
            let replicas = options["replicas"].map { Int($0) ?? 0 }
            guard !hosts.isEmpty, replicas ?? 1 > 0 else { return nil }
            self = .jetStream(hosts, name: name, replicas: replicas)
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
        case .jetStream(let servers, let name, _):
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
