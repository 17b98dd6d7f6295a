import StrataTesting
import Testing

/// Whatever a crash leaves, everything acknowledged is there again, and nothing else but whole appends.
@Suite(.serialized) struct CrashTests {
    @Test func everyCrashLeavesAllThatWasAcknowledged() async throws {
        try await expectNoFindings(.crashes, cases: 500)
    }

    @Test func everyCrashInsideARecoveryLeavesAllThatWasAcknowledged() async throws {
        try await expectNoFindings(.secondCrashes, cases: 150)
    }

    @Test func aStoreThatWasClosedRaisesNoAlarm() async throws {
        try await expectNoFindings(.clean, cases: 60)
    }

    @Test func aLongLifeLosesNothing() async throws {
        try await expectNoFindings(.lives, cases: 1)
    }
}
