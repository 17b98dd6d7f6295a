import EventSourcing
import EventSourcingTesting
import Testing

struct SnapshotStoreContractTests {
    private let requirements = SnapshotStoreContract.requirements

    @Test func namesEachRequirementOnce() {
        #expect(Set(requirements.map(\.name)).count == requirements.count)
    }

    @Test(arguments: SnapshotStoreContract.requirements)
    func isKeptByAPlainStore(_ requirement: SnapshotStoreContract.Requirement) async throws {
        try await requirement.check { FaultySnapshotStore() }
    }

    @Test(arguments: SnapshotStoreContract.requirements.enumerated().map { $0 })
    func isViolatedByAWrongStoreInEachRequirement(_ index: Int, _ requirement: SnapshotStoreContract.Requirement) async
    {
        let place = index * SnapshotStoreFault.allCases.count / requirements.count
        let faults = SnapshotStoreFault.allCases.outward(from: place)
        #expect(await faults.contains { await violates($0, requirement) })
    }

    @Test(arguments: SnapshotStoreFault.allCases.enumerated().map { $0 })
    func showsUpEveryFault(_ index: Int, _ fault: SnapshotStoreFault) async {
        let place = index * requirements.count / SnapshotStoreFault.allCases.count
        #expect(await requirements.outward(from: place).contains { await violates(fault, $0) })
    }

    private func violates(_ fault: SnapshotStoreFault, _ requirement: SnapshotStoreContract.Requirement) async -> Bool {
        do throws(ContractViolation) {
            try await requirement.check { FaultySnapshotStore(fault) }
            return false
        } catch {
            return true
        }
    }
}
