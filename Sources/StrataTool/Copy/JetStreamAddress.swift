#if JetStream
import EventCopying
import EventSourcing
import Strata
import StrataJetStream

extension StoreAddress {
    func openJetStream(
        _ servers: [String], name: String, replicas: Int?, tls: TLSFiles?, for use: StoreUse
    ) async throws(ToolError) -> any OpenStore {
        var options = JetStreamOptions(servers: servers, name: name)
        options.createsStore = use == .writing
        if let replicas { options.replicas = replicas }
        options.tls = tls.map { files in
            JetStreamOptions.TLS(
                authorities: files.authorities,
                identity: files.certificates.flatMap { chain in files.key.map { (certificates: chain, key: $0) } },
                serverName: files.serverName)
        }
        do throws(JetStreamError) {
            return OpenJetStream(opened: try await JetStreamStore.open(options, logger: StandardErrorLog.logger))
        } catch {
            throw ToolError(ExitStatus(error.code), "\(self): \(error.message)")
        }
    }
}

/// A store on NATS JetStream.
private struct OpenJetStream: OpenStore {
    let opened: JetStreamStore

    var store: CopyableStore { CopyableStore(events: opened.events, snapshots: opened.snapshots) }

    func next(behind position: Position?) async throws(EventStoreError) -> CopyableStore {
        while await Polling.pause() {
            if try await opened.events.currentPosition() ?? 0 > position ?? 0 { break }
        }
        return store
    }

    func refresh() async throws(EventStoreError) -> CopyableStore { store }

    func close() async throws(StrataError) { await opened.shutdown() }
}

extension ExitStatus {
    fileprivate init(_ code: JetStreamError.Code) {
        switch code {
        case .invalidArgument: self = .usage
        case .notFound, .configurationMismatch, .unsupportedFormat: self = .badData
        case .authenticationFailed, .notPermitted: self = .notPermitted
        case .damaged: self = .found
        default: self = .ioFailure
        }
    }
}

extension EventStoreError {
    /// Why JetStream failed, where it did.
    var jetStreamReason: String? { (cause as? JetStreamError)?.message }
}
#else
import EventSourcing

extension EventStoreError {
    var jetStreamReason: String? { nil }
}

extension StoreAddress {
    func openJetStream(
        _ servers: [String], name: String, replicas: Int?, tls: TLSFiles?, for use: StoreUse
    ) async throws(ToolError) -> any OpenStore {
        throw .withoutTrait("JetStream", at: self)
    }
}
#endif
