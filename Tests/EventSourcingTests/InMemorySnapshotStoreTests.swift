import EventSourcing
import EventSourcingTesting
import Testing

struct InMemorySnapshotStoreTests {
    @Test(arguments: SnapshotStoreContract.requirements)
    func keepsTheContract(_ requirement: SnapshotStoreContract.Requirement) async throws {
        try await requirement.check { InMemorySnapshotStore() }
    }
}
