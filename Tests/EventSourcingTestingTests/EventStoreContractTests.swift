import EventSourcingTesting
import Testing

struct EventStoreContractTests {
    @Test func namesEachRequirementOnce() {
        #expect(Set(EventStoreContract.requirements.map(\.name)).count == EventStoreContract.requirements.count)
    }
}
