#if PostgreSQL
import EventCopying
import EventSourcing
import Strata
import StrataPostgreSQL

extension StoreAddress {
    func openPostgreSQL(
        _ connection: String, schema name: String, for use: StoreUse
    ) async throws(ToolError) -> any OpenStore {
        guard let schema = PostgreSQLSchema(name) else {
            throw ToolError(.usage, "\(self): a schema's name has 1 to 48 letters, digits and underscores")
        }
        let pool = PostgreSQLConnectionPool(PostgreSQLOptions(connection, logger: StandardErrorLog.logger))
        let version: Int
        do throws(PostgreSQLError) {
            if use == .writing { try await schema.migrate(using: pool) }
            version = try await schema.version(using: pool)
        } catch {
            pool.close()
            throw ToolError(ExitStatus(error.code), "\(self): \(error.message)")
        }
        guard version > 0 else {
            pool.close()
            throw ToolError(.badData, "\(self): there is no store in this schema")
        }
        return PostgreSQLStore(
            pool: pool, events: PostgreSQLEventStore(pool, schema: schema),
            snapshots: PostgreSQLSnapshotStore(pool, schema: schema))
    }
}

/// A store in a database of PostgreSQL.
private struct PostgreSQLStore: OpenStore {
    let pool: PostgreSQLConnectionPool
    let events: PostgreSQLEventStore
    let snapshots: PostgreSQLSnapshotStore

    var store: CopyableStore { CopyableStore(events: events, snapshots: snapshots) }

    func next(behind position: Position?) async throws(EventStoreError) -> CopyableStore {
        var iterator = events.follow(after: position).makeAsyncIterator()
        _ = try await iterator.next()
        return store
    }

    func refresh() async throws(EventStoreError) -> CopyableStore { store }

    func close() async throws(StrataError) { pool.close() }
}

extension ExitStatus {
    fileprivate init(_ code: PostgreSQLError.Code) {
        switch code {
        case .invalidSettings: self = .usage
        case .databaseNotFound, .schemaMissing, .schemaOutdated, .schemaTooNew: self = .badData
        case .authenticationFailed, .permissionDenied, .readOnlyServer: self = .notPermitted
        default: self = .ioFailure
        }
    }
}
#else
extension StoreAddress {
    func openPostgreSQL(
        _ connection: String, schema: String, for use: StoreUse
    ) async throws(ToolError) -> any OpenStore {
        throw .withoutTrait("PostgreSQL", at: self)
    }
}
#endif
