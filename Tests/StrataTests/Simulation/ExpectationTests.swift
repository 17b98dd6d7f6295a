import EventSourcing
import Testing

@testable import StrataTesting

/// What a store must hold, by what callers were told.
@Suite struct ExpectationTests {
    private let stream = sampleStream()

    private func append(_ history: History, _ event: NewEvent, at position: Position) {
        let number = history.submit([event], to: stream, at: 1)
        history.settle(
            number,
            .success(
                AppendResult(version: 1, firstPosition: position, lastPosition: position, durability: .written)), at: 2)
    }

    /// The first one went with a failed sync: who was told that a position is durable was told so of the second one.
    @Test func anAppendWhosePositionAnotherHasIsNotDurable() throws {
        let history = History()
        for event in [sampleEvent("one"), sampleEvent("two")] { append(history, event, at: 1) }
        history.noteDurable(upTo: 1, at: 3)
        #expect(try history.expectation(after: .lossOfPower).lost(from: []).count == 1)
    }

    @Test func aStreamThatWasDeletedBehindALostTruncationNeedsNoSnapshot() {
        let truncated = StreamStatus(version: 3, firstVersion: 3, isTruncated: true)
        let deleted = StreamStatus(version: 2, firstVersion: 3)
        var demand = SnapshotDemand()
        demand.add(.truncation(before: 3), DeletionResult(status: truncated, durability: .written), snapshot: 3)
        #expect(demand.applies(to: truncated))
        demand.add(.deletion(.soft), DeletionResult(status: deleted, durability: .written), snapshot: 2)
        #expect(!demand.applies(to: StreamStatus(version: 3, firstVersion: 3)))
    }
}
