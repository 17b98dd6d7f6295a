import StrataTesting
import Testing

/// Whatever call of the device fails, callers are told the truth, and opening again is right.
@Suite(.serialized) struct FaultTests {
    @Test func everyErrorOfTheDeviceLeavesAStoreThatIsRight() async throws {
        try await expectNoFindings(.deviceErrors, cases: 120)
    }

    @Test func shortWritesGoUnnoticed() async throws {
        try await expectNoFindings(.shortWrites, cases: 30)
    }

    @Test func aSyncThatFailsIsNeverBelieved() async throws {
        try await expectNoFindings(.failedSyncs, cases: 120)
    }

    @Test func aDeviceThatLiesIsFoundOutOrHarmsOnlyTheEnd() async throws {
        try await expectNoFindings(.lies, cases: 60)
    }
}
