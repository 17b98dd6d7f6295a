import EventSourcing
import EventSourcingTesting
import Testing

struct EventStoreContractTests {
    private let requirements = EventStoreContract.requirements

    @Test func namesEachRequirementOnce() {
        #expect(Set(requirements.map(\.name)).count == requirements.count)
    }

    @Test(arguments: EventStoreContract.requirements)
    func isKeptByAPlainStore(_ requirement: EventStoreContract.Requirement) async throws {
        try await requirement.check { FaultyEventStore() }
    }

    @Test(arguments: EventStoreContract.requirements.enumerated().map { $0 })
    func isViolatedByAWrongStoreInEachRequirement(_ index: Int, _ requirement: EventStoreContract.Requirement) async {
        let place = index * EventStoreFault.allCases.count / requirements.count
        let faults = EventStoreFault.allCases.outward(from: place)
        #expect(await faults.contains { await violates($0, requirement) })
    }

    @Test(arguments: EventStoreFault.allCases.enumerated().map { $0 })
    func showsUpEveryFault(_ index: Int, _ fault: EventStoreFault) async {
        let place = index * requirements.count / EventStoreFault.allCases.count
        #expect(await requirements.outward(from: place).contains { await violates(fault, $0) })
    }

    private func violates(_ fault: EventStoreFault, _ requirement: EventStoreContract.Requirement) async -> Bool {
        do throws(ContractViolation) {
            try await requirement.check { FaultyEventStore(fault) }
            return false
        } catch {
            return true
        }
    }
}
