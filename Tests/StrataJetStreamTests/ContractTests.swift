#if JetStream
import EventSourcing
import EventSourcingTesting
import StrataJetStream
import Testing

extension JetStreamTests {
    /// The stores on JetStream keep the contract that every store must keep.
    @Suite(.serialized) struct ContractTests {
        // One store for all requirements, cleared for each: a cluster takes seconds to make the streams of a new one.
        private static let single = Task { try await JetStreamStore.open(TestServers.single.options()) }
        private static let cluster = Task { try await JetStreamStore.open(TestServers.cluster.options()) }

        private func emptied(_ store: Task<JetStreamStore, any Error>) async throws -> JetStreamStore {
            let store = try await store.value
            try await store.clear()
            return store
        }

        @Test(arguments: EventStoreContract.requirements)
        func eventsKeepTheContract(_ requirement: EventStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.single).events }
        }

        @Test(arguments: SnapshotStoreContract.requirements)
        func snapshotsKeepTheContract(_ requirement: SnapshotStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.single).snapshots }
        }

        @Test(arguments: CopyableStoreContract.requirements)
        func eventsKeepTheContractOfCopying(_ requirement: CopyableStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.single).events }
        }

        @Test(arguments: CopyableStoreContract.requirements)
        func eventsKeepTheContractOfCopyingInACluster(_ requirement: CopyableStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.cluster).events }
        }

        @Test(arguments: EventStoreContract.requirements)
        func eventsKeepTheContractInACluster(_ requirement: EventStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.cluster).events }
        }

        @Test(arguments: SnapshotStoreContract.requirements)
        func snapshotsKeepTheContractInACluster(_ requirement: SnapshotStoreContract.Requirement) async throws {
            try await requirement.check { try await emptied(Self.cluster).snapshots }
        }
    }
}
#endif
