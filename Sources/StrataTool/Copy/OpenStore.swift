import EventCopying
import EventSourcing
import Strata

/// A store that the tool has opened to copy it, or to copy into it.
protocol OpenStore: Sendable {
    /// The store as it was opened, or as ``next(behind:)`` found it.
    var store: CopyableStore { get async }

    /// Waits until there may be events behind a position, or until the task is cancelled.
    func next(behind position: Position?) async throws(EventStoreError) -> CopyableStore

    /// Looks again what there is.
    func refresh() async throws(EventStoreError) -> CopyableStore

    func close() async throws(StrataError)
}

/// What a store is opened for.
enum StoreUse {
    case reading
    /// Makes it where it is not there.
    case writing
}

extension StoreAddress {
    func open(for use: StoreUse) async throws(ToolError) -> any OpenStore {
        switch self {
        case .directory(let path): try await DirectoryStore.open(path, for: use)
        case .postgreSQL(let connection, let schema):
            try await openPostgreSQL(connection, schema: schema, for: use)
        case .jetStream(let servers, let name, let replicas, let tls):
            try await openJetStream(servers, name: name, replicas: replicas, tls: tls, for: use)
        case .invalid(let shown): throw ToolError(.usage, "\(shown): no address of a store")
        }
    }
}

#if !PostgreSQL || !JetStream
extension ToolError {
    /// The tool was built without what a store needs.
    static func withoutTrait(_ trait: String, at address: StoreAddress) -> ToolError {
        ToolError(
            .usage,
            "\(address): this build of the tool knows no such stores; build it with 'swift build -c release --product "
                + "strata --traits PostgreSQL,JetStream' (\(trait) is what is missing)")
    }
}
#endif
