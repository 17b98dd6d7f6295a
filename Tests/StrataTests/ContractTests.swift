import EventSourcing
import EventSourcingTesting
import Strata
import Synchronization
import Testing

/// The file store keeps the contract that every store must keep, and what it leaves on the device is sound.
@Suite struct ContractTests {
    @Test(arguments: EventStoreContract.requirements)
    func eventsKeepTheContract(_ requirement: EventStoreContract.Requirement) async throws {
        try await check(StrataOptions()) { store in try await requirement.check { store.events } }
    }

    @Test(arguments: EventStoreContract.requirements)
    func eventsKeepTheContractOverManySegments(_ requirement: EventStoreContract.Requirement) async throws {
        try await check(StrataOptions(durability: .none, segmentBytes: 64 << 10)) { store in
            try await requirement.check { store.events }
        }
    }

    @Test(arguments: SnapshotStoreContract.requirements)
    func snapshotsKeepTheContract(_ requirement: SnapshotStoreContract.Requirement) async throws {
        try await check(StrataOptions()) { store in try await requirement.check { store.snapshots } }
    }

    @Test(arguments: CopyableStoreContract.requirements)
    func eventsKeepTheContractOfCopying(_ requirement: CopyableStoreContract.Requirement) async throws {
        try await check(StrataOptions()) { store in try await requirement.check { store.events } }
    }

    private func check(_ options: StrataOptions, _ body: (StrataStore) async throws -> Void) async throws {
        let directory = TemporaryDirectory()
        let store = try await StrataStore.open(at: directory.path, options: options)
        try await body(store)
        try await store.close()
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound, "\(report)")
        #expect(report.tornTail == nil)
    }
}
