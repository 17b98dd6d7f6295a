#if PostgreSQL
import EventSourcing
import EventSourcingTesting
import StrataPostgreSQL
import Testing

/// The stores on PostgreSQL keep the contract that every store must keep.
@Suite(.enabled(if: TestServer.areAvailable))
struct ContractTests {
    private static let pool = TestServer.shared.pool { $0.acquireTimeout = .seconds(300) }

    @Test(arguments: EventStoreContract.requirements)
    func eventsKeepTheContract(_ requirement: EventStoreContract.Requirement) async throws {
        try await requirement.check {
            PostgreSQLEventStore(Self.pool, schema: try await .migrated(using: Self.pool))
        }
    }

    @Test(arguments: CopyableStoreContract.requirements)
    func eventsKeepTheContractOfCopying(_ requirement: CopyableStoreContract.Requirement) async throws {
        try await requirement.check {
            PostgreSQLEventStore(Self.pool, schema: try await .migrated(using: Self.pool))
        }
    }

    @Test(arguments: SnapshotStoreContract.requirements)
    func snapshotsKeepTheContract(_ requirement: SnapshotStoreContract.Requirement) async throws {
        try await requirement.check {
            PostgreSQLSnapshotStore(Self.pool, schema: try await .migrated(using: Self.pool))
        }
    }
}
#endif
