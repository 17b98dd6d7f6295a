#if JetStream
import CNATS
import Glibc

extension JetStreamOptions {
    /// The options as libnats takes them; the caller destroys them.
    func makeNATSOptions() throws(JetStreamError) -> OpaquePointer {
        var created: OpaquePointer?
        guard natsOptions_Create(&created) == NATS_OK, let options = created else {
            throw JetStreamError(.refused, "libnats cannot be started")
        }
        do throws(JetStreamError) {
            try setServers(options)
            try setCredentials(options)
            try setTLS(options)
        } catch {
            natsOptions_Destroy(options)
            throw error
        }
        natsOptions_SetName(options, "strata \(name)")
        natsOptions_SetTimeout(options, requestTimeout.milliseconds)
        // Otherwise libnats waits a millisecond for more to send.
        natsOptions_SetSendAsap(options, true)
        // A connection that is silent, but open, is given up behind three of these, so that calls which fail behind
        // `retryTime` find a new one first.
        natsOptions_SetPingInterval(options, min(requestTimeout.milliseconds, 10_000))
        natsOptions_SetMaxPingsOut(options, 2)
        natsOptions_SetMaxReconnect(options, -1)
        natsOptions_SetReconnectWait(options, 100)
        natsOptions_SetReconnectJitter(options, 100, 100)
        // A network that takes nothing holds up our own queue for no longer than this.
        natsOptions_SetWriteDeadline(options, requestTimeout.milliseconds)
        return options
    }

    private func setServers(_ options: OpaquePointer) throws(JetStreamError) {
        let addresses = servers.map { strdup($0) }
        defer { for address in addresses { free(address) } }
        var pointers = addresses.map { UnsafePointer($0) }
        guard natsOptions_SetServers(options, &pointers, Int32(pointers.count)) == NATS_OK else {
            throw JetStreamError(
                .invalidArgument, "\(servers.joined(separator: ", ")): no addresses; write nats://HOST:PORT")
        }
    }

    private func setCredentials(_ options: OpaquePointer) throws(JetStreamError) {
        let status =
            switch credentials {
            case .fromAddress: NATS_OK
            case .user(let user, let password): natsOptions_SetUserInfo(options, user, password)
            case .token(let token): natsOptions_SetToken(options, token)
            case .file(let path): natsOptions_SetUserCredentialsFromFiles(options, path, nil)
            }
        guard status == NATS_OK else {
            throw JetStreamError(.invalidArgument, "libnats does not accept the credentials; check the option")
        }
    }

    private func setTLS(_ options: OpaquePointer) throws(JetStreamError) {
        guard let tls else { return }
        try require(natsOptions_SetSecure(options, true), "libnats was built without TLS")
        if let authorities = tls.authorities {
            try require(
                natsOptions_LoadCATrustedCertificates(options, authorities),
                "\(authorities) holds no authorities to trust; check the file that `tls.authorities` names")
        }
        if let identity = tls.identity {
            try require(
                natsOptions_LoadCertificatesChain(options, identity.certificates, identity.key),
                "\(identity.certificates) and \(identity.key) are no certificate with its key; check the files that "
                    + "`tls.identity` names")
        }
        if let serverName = tls.serverName {
            try require(
                natsOptions_SetExpectedHostname(options, serverName), "\(serverName) is no name of a server")
        }
    }

    private func require(_ status: natsStatus, _ complaint: String) throws(JetStreamError) {
        guard status == NATS_OK else { throw JetStreamError(.tlsFailed, complaint) }
    }
}

extension Duration {
    /// In whole milliseconds, at least 1.
    var milliseconds: Int64 {
        max(1, components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000)
    }

    /// In nanoseconds.
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
#endif
