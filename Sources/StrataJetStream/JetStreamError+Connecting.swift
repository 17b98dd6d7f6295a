#if JetStream
import CNATS

extension JetStreamError {
    /// Why a connection could not be made.
    init(
        connecting status: natsStatus, with options: JetStreamOptions, fileID: String = #fileID, line: Int = #line
    ) {
        let servers = options.servers.joined(separator: ", ")
        let text = natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
        let detail = nats_GetLastError(nil).map { String(cString: $0) } ?? ""
        let (code, message) = Self.reason(status, servers, text: text, detail: detail, options)
        self.init(code, message, fileID: fileID, line: line)
    }

    private static func reason(
        _ status: natsStatus, _ servers: String, text: String, detail: String, _ options: JetStreamOptions
    ) -> (Code, String) {
        // A server that turns the credentials down can be seen as an error of either kind.
        let isAuthentication =
            status == NATS_CONNECTION_AUTH_FAILED || detail.lowercased().contains("authorization")
            || detail.lowercased().contains("authentication")
        if isAuthentication {
            return (
                .authenticationFailed,
                "\(servers) does not accept the credentials; check user, password, token or credentials file"
            )
        }
        switch status {
        case NATS_SECURE_CONNECTION_WANTED:
            return (.tlsFailed, "\(servers) has no TLS; leave the option `tls` out, or give the server a certificate")
        case NATS_SSL_ERROR, NATS_SECURE_CONNECTION_REQUIRED:
            return (
                .tlsFailed,
                "\(servers) is not trusted (\(detail.isEmpty ? text : detail)); name its authorities in "
                    + "`tls.authorities`, and in `tls.serverName` what its certificate is for, if not the address"
            )
        // From version 1.3 on, a server looks at the client's certificate when the client has begun to talk, and ends
        // the connection where it misses it.
        case NATS_PROTOCOL_ERROR where options.usesTLS, NATS_IO_ERROR where options.usesTLS,
            NATS_CONNECTION_CLOSED where options.usesTLS:
            return (
                .tlsFailed,
                "\(servers) ended the connection behind the handshake (\(text)); if it wants to know its clients by "
                    + "certificates, give it one that it accepts in `tls.identity`"
            )
        case NATS_ADDRESS_MISSING, NATS_INVALID_ARG:
            return (.invalidArgument, "\(servers) is no address of a server; write nats://HOST:PORT")
        default:
            return (
                .unreachable, "no server answers at \(servers) (\(text)); check the address, and that the server is up"
            )
        }
    }
}

extension JetStreamOptions {
    /// Whether the connection is, or may be, encrypted.
    var usesTLS: Bool { tls != nil || servers.contains { $0.hasPrefix("tls://") } }
}
#endif
