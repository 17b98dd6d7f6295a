import EventSourcing
import EventSourcingTesting
import Testing

struct CopyableStoreContractTests {
    private let requirements = CopyableStoreContract.requirements

    @Test func namesEachRequirementOnce() {
        #expect(Set(requirements.map(\.name)).count == requirements.count)
    }

    @Test(arguments: CopyableStoreContract.requirements)
    func isKeptByARightStore(_ requirement: CopyableStoreContract.Requirement) async throws {
        try await requirement.check { FaultyCopyableStore() }
    }

    @Test(arguments: CopyableStoreContract.requirements)
    func isViolatedByAWrongStoreInEachRequirement(_ requirement: CopyableStoreContract.Requirement) async {
        #expect(await CopyableStoreFault.allCases.contains { await violates($0, requirement) })
    }

    @Test(arguments: CopyableStoreFault.allCases)
    func showsUpEveryFault(_ fault: CopyableStoreFault) async {
        #expect(await requirements.contains { await violates(fault, $0) })
    }

    private func violates(_ fault: CopyableStoreFault, _ requirement: CopyableStoreContract.Requirement) async -> Bool {
        do throws(ContractViolation) {
            try await requirement.check { FaultyCopyableStore(fault) }
            return false
        } catch {
            return true
        }
    }
}
