#if PostgreSQL
import EventSourcing
import EventSourcingTesting
import StrataPostgreSQL
import Testing

extension PostgreSQLTests {
    /// The stores on PostgreSQL keep the contract that every store must keep.
    @Suite struct ContractTests {
        private static let pool = TestServer.shared.pool()

        @Test(arguments: EventStoreContract.requirements)
        func eventsKeepTheContract(_ requirement: EventStoreContract.Requirement) async throws {
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
}
#endif
