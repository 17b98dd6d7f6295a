#if JetStream
/// Where a store on JetStream is, how to get there, and how it is made.
public struct JetStreamOptions: Sendable {
    /// Who the servers take us for.
    public enum Credentials: Sendable {
        /// Whatever the servers' addresses say, or nobody.
        case fromAddress
        /// A user with a password.
        case user(String, password: String)
        /// A token.
        case token(String)
        /// A file with a user's JWT and seed, as `nsc` writes it.
        case file(String)
    }

    /// Encryption of the connection, by the server's certificate.
    public struct TLS: Sendable {
        /// A file with the authorities to trust, in PEM; nil for the system's.
        public var authorities: String?
        /// Files with our own certificate chain and its key, in PEM, where the server wants to know us by them.
        public var identity: (certificates: String, key: String)?
        /// The name that the server's certificate must be for; nil for the address's.
        public var serverName: String?

        public init(
            authorities: String? = nil, identity: (certificates: String, key: String)? = nil, serverName: String? = nil
        ) {
            self.authorities = authorities
            self.identity = identity
            self.serverName = serverName
        }
    }

    /// The servers' addresses, as `nats://HOST:PORT`; one is enough to find the others of a cluster.
    public var servers: [String]
    /// The store's name: 1 to 64 letters, digits, `_` and `-`. Its streams and subjects begin with it.
    public var name: String
    /// Who we are.
    public var credentials: Credentials = .fromAddress
    /// Encryption; nil leaves it to the addresses (`tls://`).
    public var tls: TLS?
    /// On how many servers of a cluster everything is kept: 1, 3 or 5. With 1, a lost disk is a lost store: use 3 in
    /// production.
    public var replicas: Int = 1
    /// Whether opening makes the store if it is not there.
    public var createsStore: Bool = true
    /// How long to wait for one answer of a server.
    public var requestTimeout: Duration = .seconds(5)
    /// How long a call goes on trying while servers are down, before it fails.
    public var retryTime: Duration = .seconds(20)
    /// For how long servers remember the message id of a commit, by which a commit sent twice is stored once. Ids of
    /// events are remembered for good, whatever this says.
    public var duplicateWindow: Duration = .seconds(120)

    /// - Parameters:
    ///   - servers: see ``servers``.
    ///   - name: see ``name``.
    public init(servers: [String] = ["nats://127.0.0.1:4222"], name: String = "strata") {
        self.servers = servers
        self.name = name
    }

    func check() throws(JetStreamError) {
        let isNameValid =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
        guard isNameValid else {
            throw JetStreamError(.invalidArgument, "a store's name has 1 to 64 letters, digits, _ and -")
        }
        guard !servers.isEmpty else { throw JetStreamError(.invalidArgument, "there is no address of a server") }
        guard [1, 3, 5].contains(replicas) else {
            throw JetStreamError(.invalidArgument, "replicas are 1, 3 or 5, not \(replicas)")
        }
        guard requestTimeout > .zero, retryTime > .zero, duplicateWindow >= .milliseconds(100) else {
            throw JetStreamError(.invalidArgument, "times are above zero, and the duplicate window 100 ms or more")
        }
    }
}
#endif
